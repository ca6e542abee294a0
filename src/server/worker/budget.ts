import { totalmem } from 'node:os';
import { threadCap } from '../../engine/threads/cap.js';
import { ConfigError } from '../../errors.js';
import type { Config } from '../config/config.js';
import { workerClassOf } from '../config/worker-class-name.js';

const BYTES_PER_MB = 1024 * 1024;

/** The share of the machine's memory that greenlets may take when no budget is given. */
const SHARE = 0.8;

/** No control group limits a process to more than this; a larger number means that none does. */
const UNLIMITED = 2 ** 50;

/** The settings that decide how many greenlets there may be. */
export type BudgetSettings = Pick<Config, 'workers' | 'worker_class' | 'threads' | 'worker_connections' | 'memory_budget'>;

/** Megabytes that one greenlet of a patched app takes, measured; libraries of the app's own come on top. */
export function greenletMb(nodeVersion = process.versions.node): number {
	return Number.parseInt(nodeVersion, 10) < 22 ? 12.1 : 13;
}

/** Megabytes for the greenlets of all workers: `memory_budget`, or most of what the machine or its control group has. */
function budgetMb({ memory_budget }: BudgetSettings): number {
	if (memory_budget !== null) return memory_budget;
	const limit = process.constrainedMemory?.() ?? 0;
	const bytes = limit > 0 && limit < UNLIMITED ? Math.min(limit, totalmem()) : totalmem();
	return Math.floor((SHARE * bytes) / BYTES_PER_MB);
}

/** The setting that bounds the greenlets of this worker class; undefined where there are none to bound. */
function boundBy(config: BudgetSettings): 'worker_connections' | 'threads' | undefined {
	const name = workerClassOf(config);
	if (name === 'gthread') return 'threads';
	return name === 'gevent' ? 'worker_connections' : undefined;
}

function fitting(config: BudgetSettings): number {
	return Math.floor(budgetMb(config) / config.workers / greenletMb());
}

/**
 * How many greenlets a gevent worker runs at once: `worker_connections`, or as many as fit into its share of the memory budget; never more
 * than the system lets a process have threads.
 */
export function greenletsOf(config: BudgetSettings): number {
	return Math.max(1, Math.min(config.worker_connections ?? fitting(config), threadCap()));
}

/**
 * Checks that the greenlets of all workers fit into the memory budget. To be called before any worker is started.
 * @throws ConfigError `ERR_CONFIG` with the sum when they do not
 */
export function checkBudget(config: BudgetSettings): void {
	const setting = boundBy(config);
	const asked = setting && config[setting];
	if (!asked || (setting === 'threads' && asked === 1)) return;
	const most = Math.max(1, fitting(config));
	if (asked <= most) return;
	const flag = `--${setting.replace('_', '-')}`;
	throw new ConfigError(
		`Cannot use ${flag} ${asked}: ${sum(config, asked)} are more than the ${budgetMb(config)} MB that ${
			config.memory_budget === null ? `greenlets may take of this machine's memory` : '--memory-budget allows'
		}; ${flag} ${most} fits`,
	);
}

/** The line that the log has at the start: workers x greenlets x MB; undefined for classes without greenlets to count. */
export function budgetLine(config: BudgetSettings): string | undefined {
	const setting = boundBy(config);
	if (!setting) return undefined;
	const greenlets = setting === 'threads' ? config.threads : greenletsOf(config);
	return `Greenlets: ${sum(config, greenlets)} at most, of a memory budget of ${budgetMb(config)} MB`;
}

function sum({ workers }: BudgetSettings, greenlets: number): string {
	return `${workers} workers x ${greenlets} greenlets x ${greenletMb()} MB = ${Math.ceil(workers * greenlets * greenletMb())} MB`;
}
