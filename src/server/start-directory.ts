import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';

/**
 * The current directory under the name that the shell has for it (`PWD`), as gunicorn takes it: where that is a symbolic link to the current release,
 * going there again leads to the next one.
 */
export function startDirectory(env: NodeJS.ProcessEnv = process.env): string {
	const here = process.cwd();
	const { PWD: named = '' } = env;
	return isAbsolute(named) && identity(named) === identity(here) ? named : here;
}

function identity(path: string): string | undefined {
	try {
		const { dev, ino } = statSync(path);
		return `${dev}:${ino}`;
	} catch {
		// Not there, or not to be seen: another folder, then.
		return undefined;
	}
}
