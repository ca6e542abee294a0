/** Resident megabytes that each further parked greenlet costs, its thread holding nothing but this package. */
import { configure, isMain, sleep, spawn, task } from '../../src/index.js';
import { report } from './rate.js';

const FEW = 10;
const MANY = 60;
const PARKED_MS = 3_600_000;
/** Long enough for 50 threads to start on a small machine. */
const SETTLE_MS = 8_000;
const MEGABYTE = 2 ** 20;

const park = task(import.meta, function park(): void {
	sleep(PARKED_MS);
});

/** Resident bytes after parking `count` more greenlets, each on a thread of its own. */
function residentWithFurther(count: number): number {
	for (let i = 0; i < count; i++) spawn(park).unref();
	sleep(SETTLE_MS);
	return process.memoryUsage.rss();
}

if (isMain(import.meta)) {
	configure({ maxGreenlets: MANY + 1, minThreads: 1 });
	const few = residentWithFurther(FEW);
	const many = residentWithFurther(MANY - FEW);
	report((many - few) / (MANY - FEW) / MEGABYTE);
}
