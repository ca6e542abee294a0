#!/usr/bin/env node
// The entry of `tsgunicorn`. Everything else is loaded after the handlers are in place, so that no signal is lost.
import { SignalQueue } from './signals.js';

const signals = new SignalQueue();
signals.install(['SIGTERM', 'SIGINT', 'SIGQUIT']);

const { runServer } = await import('./cli.js');
process.exit(await runServer(process.argv.slice(2), signals));
