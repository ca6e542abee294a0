// piscina would `require` an ES module, and Node 20 aborts the whole process when a thread is ended while it does so.
module.exports = async (task: never): Promise<void> => {
	const { default: serve } = await import('./pool-thread.js');
	return serve(task);
};
