import fs from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EXCLUDED, SAMPLES, type Sample } from './samples.js';

/**
 * What one Node does: per module and function, the fewest and the most arguments with which a missing callback throws;
 * null for a function that samples.ts does not know.
 */
export type Probed = Record<string, Record<string, readonly [fewest: number, most: number] | null>>;

type Exports = Record<string, unknown>;
type Callable = (...args: unknown[]) => unknown;

const load = (name: string): Exports => process.getBuiltinModule(name) as Exports;

/** Finds `realpath.native` as well as `readFile`. */
const member = (core: Exports, path: string): unknown => path.split('.').reduce<unknown>((at, key) => (at as Exports)[key], core);

/** Functions of this Node that have a blocking or a promise form beside them: those a missing callback could turn into it. */
function* candidates(): Generator<[module: string, name: string]> {
	yield ['fs', 'realpath.native'];
	for (const module of builtinModules.filter((name) => !/[/_:]/.test(name) && name !== 'sys' && name !== 'punycode')) {
		const core = load(module);
		const promises = (core.promises ?? {}) as Exports;
		for (const name of Object.keys(core)) {
			const fn = core[name];
			if (typeof fn !== 'function' || /Sync$|^[A-Z]/.test(name)) continue;
			const twin = typeof core[`${name}Sync`] === 'function' || typeof promises[name] === 'function';
			if (twin || Object.hasOwn(fn, promisify.custom)) yield [module, name];
		}
	}
}

/** True when the call throws at once; what it does later is left to run out. */
function throws(fn: Callable, args: readonly unknown[]): boolean {
	try {
		fn(...args);
		return false;
	} catch {
		return true;
	}
}

function probe(fn: Callable, sample: Sample): [number, number] | null {
	const shapesOf = () => sample(fs.mkdtempSync(join(root, 'call-')));
	const proved = shapesOf().flatMap((_, i) => {
		const shape = () => shapesOf()[i] as readonly unknown[];
		// Only its callback may be missing: with one, the same call has to be accepted, and with `undefined` in its place refused.
		const missing = throws(fn, shape()) && throws(fn, [...shape(), undefined]) && !throws(fn, [...shape(), () => undefined]);
		return missing ? [shape().length] : [];
	});
	return [Math.min(...proved), Math.max(...proved)];
}

const root = fs.mkdtempSync(join(tmpdir(), 'tsgevent-probe-'));
process.on('exit', () => fs.rmSync(root, { recursive: true, force: true }));
// Names are asked of a port where nobody listens, never of the network.
(load('dns').setServers as (servers: string[]) => void)(['127.0.0.1:1']);

const probed: Probed = {};
for (const [module, name] of candidates()) {
	if (EXCLUDED[`${module}.${name}`] !== undefined) continue;
	const sample = SAMPLES[module]?.[name];
	const found = sample ? probe(member(load(module), name) as Callable, sample) : null;
	// Nothing proved: the function is legal without a callback.
	if (found && !Number.isFinite(found[0])) continue;
	probed[module] = { ...probed[module], [name]: found };
}
fs.writeSync(1, JSON.stringify(probed));
// Calls that were accepted are still under way, some without a callback to fail into: the process ends before they do.
process.exit();
