import { ConfigError } from '../../errors.js';
import { packageVersion } from '../../runtime/version.js';

/**
 * The variables that workers get over those of the arbiter: `SERVER_SOFTWARE`, as gunicorn sets it, and those of `raw_env`.
 * @param rawEnv texts such as `KEY=VALUE`; the value may be empty
 * @throws ConfigError `ERR_CONFIG` for a text without a name or without `=`
 */
export function workerEnvironment(rawEnv: readonly string[]): Record<string, string> {
	const given = rawEnv.map((text) => {
		const [, name, value] = /^([^=\0]+)=([^\0]*)$/s.exec(text) ?? [];
		if (name === undefined || value === undefined) throw new ConfigError(`Cannot set '${text}' for the workers: KEY=VALUE is needed`);
		return [name, value];
	});
	return { SERVER_SOFTWARE: `tsgunicorn/${packageVersion()}`, ...Object.fromEntries(given) };
}
