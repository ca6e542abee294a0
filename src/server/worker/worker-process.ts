// The entry of a worker process. Everything else is loaded after the handlers are in place: a signal that comes earlier would
// meet Node's default action, which no arbiter could tell from a crash.
import { SignalQueue, WORKER_SIGNALS } from '../signals.js';

const signals = new SignalQueue();
signals.install(WORKER_SIGNALS);

const { WorkerMain } = await import('./worker-main.js');
await new WorkerMain(signals).run();
