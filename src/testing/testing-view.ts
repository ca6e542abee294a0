import { SERVICE } from '../engine/core-operations.js';
import { block } from '../engine/engine.js';

const URL_OF_SERVICE = new URL('./testing-service.js', import.meta.url).href;
let known = false;

/** Makes sure that the hub knows the operations of this folder; parks on the first call in each thread. */
export function needTestingService(): void {
	if (!known) block(SERVICE, URL_OF_SERVICE);
	known = true;
}
