import { ConfigError } from '../../errors.js';
import { placeOf } from '../worker/error-place.js';

/** A config file that does not load, in one line with the place in the code. */
export function configFileError(path: string, cause: unknown): ConfigError {
	const message = (cause instanceof Error ? cause.message : String(cause)).replace(/\s*\n\s*/g, ' ');
	return new ConfigError(`Cannot load config file ${path}: ${message}${placeOf(cause)}`, { cause });
}
