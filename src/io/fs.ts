import node from 'node:fs';

export * from 'node:fs';

type Node = typeof node;

/** The functions of `node:fs` that come in two forms, under the plain name, each as its blocking form. */
export type BlockingForms = {
	[Name in keyof Node as Name extends string
		? `${Name}Sync` extends keyof Node
			? Name
			: never
		: never]: `${Name & string}Sync` extends keyof Node ? Node[`${Name & string}Sync`] : never;
};

// Node's synchronous calls hold up nobody but their own greenlet's thread, and nothing is faster: they are the blocking forms.
const forms = Object.fromEntries(
	Object.entries(node).flatMap(([name, value]) => {
		const plain = name.endsWith('Sync') ? name.slice(0, -'Sync'.length) : '';
		return plain in node ? [[plain, value]] : [];
	}),
) as unknown as BlockingForms;

/**
 * `node:fs` for code in blocking style: where a function has a synchronous twin, the plain name is that twin too, so that
 * `readFile(path)` returns what `readFileSync(path)` does and throws Node's own errors. Everything else is as in `node:fs`.
 * May be called on any thread; on the hub it holds up everybody, as `readFileSync` does anywhere.
 * @example
 * ```js
 * import fs from 'tsgevent/fs';
 * export const lines = (path) => fs.readFile(path, 'utf8').split('\n').length;
 * ```
 */
const fs: Omit<Node, keyof BlockingForms> & BlockingForms = { ...node, ...forms };
export default fs;

// Names of exports cannot be computed. Those of Node 20 stand here; later ones are in the default export. A test compares.
/** The blocking forms by name; see the default export. */
export const {
	access,
	appendFile,
	chmod,
	chown,
	close,
	copyFile,
	cp,
	exists,
	fchmod,
	fchown,
	fdatasync,
	fstat,
	fsync,
	ftruncate,
	futimes,
	lchown,
	link,
	lstat,
	lutimes,
	mkdir,
	mkdtemp,
	open,
	opendir,
	read,
	readdir,
	readFile,
	readlink,
	readv,
	realpath,
	rename,
	rm,
	rmdir,
	stat,
	statfs,
	symlink,
	truncate,
	unlink,
	utimes,
	write,
	writeFile,
	writev,
} = forms;
