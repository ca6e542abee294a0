/** Calls per second of one greenlet that asks the hub for an echo, again and again. */
import { ECHO } from '../../src/engine/core-operations.js';
import { block } from '../../src/engine/engine.js';
import { isMain, spawn, task } from '../../src/index.js';
import { callsPerSecond, report, TEXT } from './rate.js';

const echoes = task(import.meta, function echoes(): number {
	return callsPerSecond(() => block(ECHO, TEXT));
});

if (isMain(import.meta)) report(spawn(echoes).get());
