/**
 * Puts inherited sockets into the listening state without accepting: `listen-child.js BACKLOG COUNT`, the sockets being descriptors
 * 3 and up. A handle that listens also accepts from the next turn of its loop on, and this process ends before there is one.
 * Prints a JSON array with the error number of each, 0 for none.
 */
import { openHandle } from './server-handle.js';

const [backlog = 0, count = 0] = process.argv.slice(2).map(Number);
process.stdout.write(JSON.stringify(Array.from({ length: count }, (_, index) => openHandle(3 + index).listen(backlog))));
process.exit();
