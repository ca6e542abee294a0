import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { importModule } from '../../../src/server/worker/load-module.js';
import { ConfigFolder } from '../../support/config-folder.js';
import { projectPath } from '../../support/project.js';

const load = (folder: ConfigFolder, name: string) => importModule(pathToFileURL(`${folder.path}/${name}`));

test('TypeScript loads whether or not its types can be stripped, in ES modules and CommonJS', async () => {
	await using folder = new ConfigFolder({
		'plain.ts': 'export const one: number = 1;',
		'enum.ts': 'export enum Level { Low = 1 }',
		'module.mts': 'export default (a: string): string => a;',
		'common.cts': 'exports.one = 1 as number;',
		'properties.ts': 'export class Point { constructor(readonly x: number) {} }',
	});
	assert.equal((await load(folder, 'plain.ts')).one, 1);
	assert.equal(((await load(folder, 'enum.ts')).Level as Record<string, number>).Low, 1);
	assert.equal(typeof (await load(folder, 'module.mts')).default, 'function');
	assert.equal((await load(folder, 'common.cts')).one, 1);
	const { Point } = (await load(folder, 'properties.ts')) as { Point: new (x: number) => { x: number } };
	assert.equal(new Point(3).x, 3);
});

test('What TypeScript imports may be named with its own ending, that of JavaScript, or none', async () => {
	await using folder = new ConfigFolder({ 'dep.ts': 'export const one: number = 1;', 'index/index.ts': 'export const two: number = 2;' });
	for (const [at, specifier] of ['./dep.ts', './dep.js', './dep'].entries()) {
		folder.write(`web${at}.ts`, `import { one } from '${specifier}';\nexport const value: number = one;`);
		assert.equal((await load(folder, `web${at}.ts`)).value, 1, specifier);
	}
	folder.write('folder.ts', "export { two } from './index';");
	assert.equal((await load(folder, 'folder.ts')).two, 2);
});

test('JavaScript may import TypeScript, with syntax that cannot be stripped, too', async () => {
	await using folder = new ConfigFolder({ 'dep.ts': 'export enum Level { Low = 1 }', 'web.mjs': "export { Level } from './dep.ts';" });
	assert.equal(((await load(folder, 'web.mjs')).Level as Record<string, number>).Low, 1);
});

test('A TypeScript module shares this package with everybody else', async () => {
	await using folder = new ConfigFolder();
	mkdirSync(`${folder.path}/node_modules`);
	symlinkSync(projectPath('.'), `${folder.path}/node_modules/tsgevent`);
	folder.write('web.ts', `import * as tsgevent from 'tsgevent';\nexport enum Level { Low = 1 }\nexport const seen = tsgevent;`);
	const { seen } = (await load(folder, 'web.ts')) as { seen: Record<string, unknown> };
	const own = (await import('../../../src/index.js')) as unknown as Record<string, unknown>;
	assert.equal(seen.spawn, own.spawn);
	assert.equal(typeof seen.spawn, 'function');
});

test('An error keeps its own class and place', async () => {
	await using folder = new ConfigFolder({
		'throws.ts': "export enum Level { Low = 1 }\nthrow new RangeError('no database');",
		'syntax.mjs': '\nexport const a = ;',
		'deep.mjs': "import './deeper.mjs';",
		'deeper.mjs': "import './syntax.mjs';",
		'lacks.ts': "import './nowhere.js';\nexport enum Level { Low = 1 }",
	});
	await assert.rejects(load(folder, 'throws.ts'), { name: 'RangeError', message: 'no database', stack: /throws\.ts:2/ });
	for (const name of ['syntax.mjs', 'deep.mjs'])
		await assert.rejects(load(folder, name), {
			name: 'SyntaxError',
			stack: /^\/.*\/syntax\.mjs:2:\d+\n\nSyntaxError: Unexpected token ';'/,
		});
	await assert.rejects(load(folder, 'lacks.ts'), /Cannot find module .*nowhere\.js/);
});
