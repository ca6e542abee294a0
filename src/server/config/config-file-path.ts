import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../errors.js';
import { findModule } from '../worker/find-module.js';

const ENDINGS = ['ts', 'mts', 'js', 'mjs', 'cjs', 'json'];

/**
 * Finds the config file.
 * @param given `PATH`, `file:PATH` or `module:NAME`; `undefined` for the default, `gunicorn.conf.ts` and so on
 * @param directory what a path is relative to
 * @returns its absolute path; `undefined` when none is given and the default does not exist
 * @throws ConfigError `ERR_CONFIG` when there is no such file, or it is one of Python
 */
export function findConfigFile(given: string | undefined, directory: string): string | undefined {
	if (given === undefined) return ENDINGS.map((ending) => join(directory, `gunicorn.conf.${ending}`)).find(isFile);
	const [, scheme = 'file', name = ''] = /^(?:(file|module|python):)?(.*)$/s.exec(given) ?? [];
	if (scheme === 'python' || name.endsWith('.py'))
		throw new ConfigError(
			`Cannot use --config ${given}: it is Python; the same settings are needed in gunicorn.conf.ts, .js or .json, as exports`,
		);
	if (scheme === 'module') {
		const found = findModule(name, directory);
		if (found === undefined) throw new ConfigError(`Cannot use --config ${given}: there is no module '${name}' in ${directory}`);
		return fileURLToPath(found);
	}
	const path = resolve(directory, name);
	if (!isFile(path))
		throw new ConfigError(`Cannot use --config ${given}: ${path} ${existsSync(path) ? 'is not a file' : 'does not exist'}`);
	if (!ENDINGS.some((ending) => path.endsWith(`.${ending}`)) && !path.endsWith('.cts'))
		throw new ConfigError(`Cannot use --config ${given}: a file that ends in .${ENDINGS.join(', .')} is needed`);
	return path;
}

function isFile(path: string): boolean {
	return existsSync(path) && statSync(path).isFile();
}
