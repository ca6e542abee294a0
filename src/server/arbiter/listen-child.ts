/**
 * Puts inherited sockets into the listening state without accepting: `listen-child.js BACKLOG COUNT`, the sockets being descriptors
 * 3 and up. A handle that listens also accepts from the next turn of its loop on, and this process ends before there is one. On
 * failure it prints the socket's index and the error number.
 */
import { openHandle } from './server-handle.js';

const [backlog, count] = process.argv.slice(2).map(Number);
let index = 0;
let errno = 0;
while (errno === 0 && index < (count ?? 0)) {
	errno = openHandle(3 + index).listen(backlog ?? 0);
	if (errno === 0) index++;
}
if (errno !== 0) process.stdout.write(`${index} ${errno}`);
process.exit();
