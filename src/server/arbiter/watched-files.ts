import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** What code is written in. */
const CODE = /\.(?:[cm]?[jt]s|json)$/;

/** Folders that are not the app's own: packages, and what editors and tools keep behind a dot. */
const FOREIGN = /^(?:node_modules$|\..)/;

/** The kernel's folders, for an app that runs in `/`. */
const KERNEL = /^\/(?:proc|sys|dev)(?:\/|$)/;

const MAGIC = /[*?[\]{}]/;

/** A file or a glob to watch beside the code. */
interface Extra {
	/** The folder below which everything lies that it can match. */
	readonly base: string;
	readonly pattern: RegExp;
	/** How many folders below `base` it reaches. */
	readonly depth: number;
}

/** Which files a reload is about: the code in some folders, and extra files and globs. All paths are absolute. */
export class WatchedFiles {
	/** The folders that are to be watched for these files; they exist. */
	readonly roots: readonly string[];
	readonly #trees: readonly string[];
	readonly #extras: readonly Extra[];
	readonly #except: ReadonlySet<string>;

	/**
	 * @param trees folders whose code counts, with all folders below
	 * @param extra files, folders and globs (`*`, `**`, `?`, `[a-z]`, `{a,b}`) that count too, whatever their endings
	 * @param except files that never count, such as logs
	 */
	constructor(trees: readonly string[], extra: readonly string[], except: readonly string[]) {
		this.#trees = trees;
		this.#extras = extra.map(parseExtra);
		this.#except = new Set(except);
		const folders = [...new Set([...trees, ...this.#extras.map(({ base }) => nearestFolder(base))])];
		this.roots = folders.filter((folder) => !trees.some((tree) => tree !== folder && this.#inTree(folder, tree)));
	}

	/** Whether a change of this file counts. */
	hasFile(path: string): boolean {
		if (this.#except.has(path)) return false;
		return (CODE.test(path) && this.#inTrees(path)) || this.#extras.some(({ pattern }) => pattern.test(path));
	}

	/** Whether a file that counts may lie in this folder or below it. */
	hasFolder(path: string): boolean {
		if (KERNEL.test(path)) return false;
		return this.#inTrees(path) || this.#extras.some((extra) => leadsTo(path, extra));
	}

	#inTrees(path: string): boolean {
		return this.#trees.some((tree) => this.#inTree(path, tree));
	}

	#inTree(path: string, tree: string): boolean {
		return (
			isWithin(path, tree) &&
			!relative(tree, path)
				.split(sep)
				.some((name) => FOREIGN.test(name))
		);
	}
}

function isWithin(path: string, folder: string): boolean {
	return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function leadsTo(path: string, { base, depth }: Extra): boolean {
	if (isWithin(base, path)) return true;
	return isWithin(path, base) && relative(base, path).split(sep).length <= depth;
}

function parseExtra(given: string): Extra {
	const path = resolve(given);
	const stats = statSync(path, { throwIfNoEntry: false });
	if (stats?.isDirectory()) return parseGlob(path, '**');
	// What exists under just this name is no glob, whatever is in its name.
	if (stats || !MAGIC.test(path)) return { base: dirname(path), pattern: new RegExp(`^${escaped(path)}$`), depth: 0 };
	const names = path.split(sep);
	const magic = names.findIndex((name) => MAGIC.test(name));
	return parseGlob(names.slice(0, magic).join(sep) || sep, names.slice(magic).join(sep));
}

function parseGlob(base: string, glob: string): Extra {
	const below = glob
		.split(/(\*\*\/|\*\*|\*|\?|\[[^\]]+\]|\{[^}]+\})/)
		.map(globPart)
		.join('');
	const depth = glob.includes('**') ? Number.POSITIVE_INFINITY : glob.split(sep).length - 1;
	return { base, pattern: new RegExp(`^${escaped(join(base, sep))}${below}$`), depth };
}

function globPart(part: string): string {
	if (part === '**/') return '(?:.+/)?';
	if (part === '**') return '.*';
	if (part === '*') return '[^/]*';
	if (part === '?') return '[^/]';
	if (part.startsWith('[')) return part.replace(/^\[!/, '[^');
	if (part.startsWith('{')) return `(?:${part.slice(1, -1).split(',').map(escaped).join('|')})`;
	return escaped(part);
}

function escaped(text: string): string {
	return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function nearestFolder(path: string): string {
	return existsSync(path) ? path : nearestFolder(dirname(path));
}
