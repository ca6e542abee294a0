import { readFileSync } from 'node:fs';

/** The text of a file; empty while it is not there, as while one pid file takes the place of another, or when the process or thread it is about has ended. */
export function textIfThere(path: string): string {
	try {
		return readFileSync(path, 'utf8');
	} catch (error) {
		if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
		throw error;
	}
}
