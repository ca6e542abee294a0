// node examples/two-files/main.js [name ...]
import { isMain, joinAll, spawn } from 'tsgevent';
import { greet } from './tasks.js';

if (isMain(import.meta)) {
	const names = process.argv.length > 2 ? process.argv.slice(2) : ['Ada', 'Grace', 'Barbara', 'Edsger'];
	const greetings = names.map((name) => spawn(greet, name));
	joinAll(greetings, { raiseError: true }); // they sleep at the same time
	for (const greeting of greetings) console.log(greeting.get());
}
