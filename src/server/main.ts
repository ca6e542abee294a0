#!/usr/bin/env node
// The entry of `tsgunicorn`. Everything else is loaded after the handlers are in place, so that no signal is lost, and none that
// Node would die of ends the server while it starts.
import { ARBITER_SIGNALS, SignalQueue } from './signals.js';

const signals = new SignalQueue();
signals.install([...ARBITER_SIGNALS, 'SIGURG']);

const { runServer } = await import('./cli.js');
process.exit(await runServer(process.argv.slice(2), signals));
