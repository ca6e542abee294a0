// The entry of a worker process. Everything else is loaded after the handlers are in place: a signal that comes earlier would
// meet Node's default action, which no arbiter could tell from a crash.
import { SignalQueue } from '../signals.js';

const signals = new SignalQueue();
signals.install(['SIGTERM', 'SIGINT', 'SIGQUIT']);
// An arbiter that dies, however suddenly, closes the channel; its workers leave as if told to.
process.once('disconnect', () => signals.push('SIGTERM'));

const { runWorker } = await import('./worker-main.js');
await runWorker(signals);
