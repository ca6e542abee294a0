import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder; compiled tests stand in `dist/test/support` below it. */
export const projectRoot = fileURLToPath(new URL('../../../', import.meta.url));

/** The path of a file of the project, from a path relative to the project's folder. */
export function projectPath(...parts: string[]): string {
	return join(projectRoot, ...parts);
}

/** All files below `folder` whose names end in `ending`, as sorted paths relative to the project, with forward slashes. */
export function filesBelow(folder: string, ending: string): string[] {
	return readdirSync(projectPath(folder), { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile() && entry.name.endsWith(ending))
		.map((entry) => relative(projectRoot, join(entry.parentPath, entry.name)).split(sep).join('/'))
		.sort();
}
