// Not an ES module itself, for the reason that src/runtime/pool-entry.cts has.
module.exports = async (work: never): Promise<unknown> => {
	const { runWork } = await import('./thread-pool-thread.js');
	return runWork(work);
};
