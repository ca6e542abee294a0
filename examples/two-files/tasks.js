// What greenlets run stands in a file of its own: each thread imports this file, and not the program.
import { sleep, task } from 'tsgevent';

export const greet = task(import.meta, function greet(name) {
	sleep(100); // blocks this greenlet, and no other
	return `Hello, ${name}`;
});
