// node examples/two-files-cjs/main.cjs [name ...]
require('tsgevent/patch');
const { isMain, joinAll, spawn } = require('tsgevent');
const { lookUp } = require('./tasks.cjs');

if (isMain(module)) {
	const names = process.argv.length > 2 ? process.argv.slice(2) : ['localhost', '127.0.0.1'];
	const lookUps = names.map((name) => spawn(lookUp, name));
	joinAll(lookUps, { raiseError: true });
	names.forEach((name, index) => {
		const { address, family } = lookUps[index].get();
		console.log(`${name} is ${address} (IPv${family})`);
	});
}
