import { execFile } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const ASK = `
import platform, gevent, gunicorn
print(f"gunicorn {gunicorn.__version__} with gevent {gevent.__version__} on Python {platform.python_version()}")
`;

/**
 * The versions of the gunicorn that is first in PATH: `gunicorn 20.1.0 with gevent 22.10.2 on Python 3.11.2`; undefined, with a line on
 * the error output, where there is none that can import gevent.
 */
export async function gunicornVersions(): Promise<string | undefined> {
	const path = (process.env.PATH ?? '')
		.split(delimiter)
		.map((folder) => join(folder, 'gunicorn'))
		.find(isExecutable);
	if (path === undefined) return absent('there is no gunicorn in PATH');
	// The interpreter that it runs on itself: another one may have other packages.
	const python = /^#!\s*(\S+)/.exec(readFileSync(path, 'latin1'))?.[1] ?? 'python3';
	try {
		const { stdout } = await promisify(execFile)(python, ['-c', ASK]);
		return stdout.trim();
	} catch (error) {
		return absent(`${python} cannot import gunicorn and gevent: ${(error as Error).message.trim().split('\n').at(-1)}`);
	}
}

function absent(why: string): undefined {
	console.error(`Nothing is compared with gunicorn: ${why}`);
	return undefined;
}

function isExecutable(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		// The usual case: most folders have none.
		return false;
	}
}
