import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What Node itself starts a CommonJS program with; there is no public way to have `require.main === module` be true. */
const loader = Module as unknown as { _load(path: string, parent: null, isMain: true): unknown };

/** Codes of what `require` throws for an ES module before any of it has run. */
const NEEDS_IMPORT = new Set(['ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE', 'ERR_REQUIRE_CYCLE_MODULE']);

/** Runs a module as the program's entry, the way `node` does: CommonJS as the main module, anything else by `import`. */
export async function runEntry(url: string): Promise<void> {
	const path = fileURLToPath(url);
	if (!mayBeCommonJs(path)) {
		await import(url);
		return;
	}
	try {
		loader._load(path, null, true);
	} catch (error) {
		if (!NEEDS_IMPORT.has((error as NodeJS.ErrnoException | null)?.code ?? '')) throw error;
		await import(url);
	}
}

function mayBeCommonJs(path: string): boolean {
	const extension = extname(path);
	if (extension === '.cjs' || extension === '.cts') return true;
	if (extension === '.mjs' || extension === '.mts') return false;
	return packageType(dirname(path)) !== 'module';
}

/** The `type` of the nearest package.json, which decides for extensions that do not say. */
function packageType(folder: string): string | undefined {
	const text = read(join(folder, 'package.json'));
	if (text !== undefined) return (JSON.parse(text) as { type?: string }).type;
	const above = dirname(folder);
	return above === folder ? undefined : packageType(above);
}

function read(path: string): string | undefined {
	try {
		return readFileSync(path, 'utf8');
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
}
