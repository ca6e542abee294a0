import type { ServerView } from '../worker/worker-protocol.js';
import type { Setup } from './arbiter-options.js';

/** This server as hooks see it, here and in the workers. */
export function serverView({ configuration, listeners }: Pick<Setup, 'configuration' | 'listeners'>, workers: number): ServerView {
	return { pid: process.pid, address: listeners.map(({ address }) => address), num_workers: workers, cfg: configuration.config };
}
