// What greenlets run stands in a file of its own: each thread loads this file, and not the program.
require('tsgevent/patch');
const dns = require('node:dns');
const { task } = require('tsgevent');

// After the patch, a call that Node refuses for its missing callback blocks its greenlet and returns.
exports.lookUp = task(module, function lookUp(name) {
	return dns.lookup(name);
});
