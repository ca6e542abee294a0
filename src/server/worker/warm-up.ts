import { endingValue, type Hub } from '../../hub/hub.js';
import { type HubRequest, LATER } from '../../hub/service.js';
import { THREAD_READY, WARM_UP } from '../http/http-messages.js';

/**
 * Resolves when `count` threads have the app. Each gets a greenlet that parks until the last thread is there, so that
 * no thread takes two. Hub thread only; once for each hub.
 * @throws AppImportError or whatever else kept a thread from loading the app
 */
export async function warmUp(hub: Hub, count: number): Promise<void> {
	const parked: HubRequest[] = [];
	const release = () => {
		for (const question of parked.splice(0)) question.resolve(undefined);
	};
	hub.handle(THREAD_READY, (question) => {
		parked.push(question);
		if (parked.length === count) release();
		return LATER;
	});
	try {
		await Promise.all(Array.from({ length: count }, () => runOne(hub)));
	} finally {
		release();
	}
}

function runOne(hub: Hub): Promise<void> {
	return new Promise((resolve, reject) => {
		const record = hub.start(WARM_UP, [], {
			name: 'warm-up',
			onEnd: (ending) => {
				hub.forget(record.id);
				try {
					endingValue(ending);
					resolve();
				} catch (error) {
					reject(error);
				}
			},
		});
	});
}
