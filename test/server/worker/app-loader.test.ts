import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadApp } from '../../../src/server/worker/app-loader.js';

const folder = mkdtempSync(join(tmpdir(), 'tsgevent-apps-'));
after(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, 'pkg'));

function write(name: string, text: string): void {
	writeFileSync(join(folder, name), text);
}

async function nameOf(spec: string): Promise<string> {
	return (await loadApp(spec, folder)).name;
}

const refused = (message: RegExp) => ({ code: 'ERR_APP_IMPORT', name: 'AppImportError', message });

write('es.mjs', 'export function handler() {}; export function app() {}; export const number = 1');
write('both.mjs', 'export function application() {}; export function app() {}');
write('only.mjs', 'export default function only() {}');
write('common.cjs', 'module.exports = { ...{ handler: function handler() {} } }');
write('whole.cjs', 'module.exports = function whole() {}');
write('compiled.cjs', 'exports.__esModule = true; exports.default = function compiled() {}');
write('pkg/web.mjs', 'export function app() {}');
write('throws.mjs', "throw new TypeError('no database')");
write('lacks.mjs', "import '../nowhere.js'");

test('loadApp() finds a name in an ES module and in a CommonJS one', async () => {
	assert.equal(await nameOf('es.mjs:handler'), 'handler');
	assert.equal(await nameOf('./es:handler'), 'handler');
	assert.equal(await nameOf('common.cjs:handler'), 'handler');
	assert.equal(await nameOf(`${folder}/common:handler`), 'handler');
});

test('loadApp() without a name takes application, app, then the default export', async () => {
	assert.equal(await nameOf('both.mjs'), 'application');
	assert.equal(await nameOf('es'), 'app');
	assert.equal(await nameOf('only.mjs'), 'only');
	assert.equal(await nameOf('whole.cjs'), 'whole');
	assert.equal(await nameOf('compiled.cjs'), 'compiled');
});

test('loadApp() takes a dotted path', async () => {
	assert.equal(await nameOf('pkg.web:app'), 'app');
});

test('loadApp() says what is wrong', async () => {
	await assert.rejects(nameOf('nowhere:app'), refused(/^Cannot load app 'nowhere:app': there is no module 'nowhere' in /));
	await assert.rejects(nameOf('es.mjs:handle'), refused(/es\.mjs exports no 'handle'; did you mean 'handler'\?$/));
	await assert.rejects(nameOf('es.mjs:number'), refused(/it is not a function, but number$/));
	await assert.rejects(nameOf('lacks.mjs'), refused(/its module threw: Cannot find module/));
	await assert.rejects(
		nameOf('throws.mjs'),
		(error: Error) => refused(/its module threw: no database$/).message.test(error.message) && error.cause instanceof TypeError,
	);
});
