import { packageVersion } from '../../runtime/version.js';
import { workerClassNotice, workerClassOf } from '../config/worker-class-name.js';
import { budgetLine } from '../worker/budget.js';
import type { Setup } from './arbiter-options.js';

/** Logs what is about to serve: gunicorn's three lines, and what else an operator should know before anything goes wrong. */
export function greet({ configuration: { config }, listeners, logs: { log } }: Setup): void {
	log.info(`Starting tsgunicorn ${packageVersion()}`);
	log.info(`Listening at: ${listeners.map(({ address }) => address).join(',')} (${process.pid})`);
	log.info(`Using worker: ${workerClassOf(config)}`);
	const notice = workerClassNotice(config);
	if (notice) log.warning(notice);
	const budget = budgetLine(config);
	if (budget) log.info(budget);
	if (process.pid === 1)
		log.warning('Running as PID 1: what other processes leave behind stays as zombies; start the container with --init');
}
