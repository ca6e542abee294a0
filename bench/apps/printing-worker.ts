import GeventWorker from '../../workers/gevent.js';

/** The gevent class, which says on the output when it is about to serve. */
export default class PrintingWorker extends GeventWorker {
	override async initProcess(): Promise<void> {
		await super.initProcess();
		console.log('Worker is ready');
	}
}
