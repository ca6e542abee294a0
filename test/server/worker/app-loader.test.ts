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
write('typed.ts', 'enum Level { Low }\nexport function handler(): number { return Level.Low }\nexport function application(): void {}');
write(
	'factory.mjs',
	"export const make = (...args) => () => args; export const later = async (...args) => () => args; export const fails = () => { throw new Error('no database') }; export const nothing = () => undefined; export const number = 1",
);
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

test('loadApp() takes TypeScript', async () => {
	assert.equal(await nameOf('typed.ts:handler'), 'handler');
	assert.equal(await nameOf('typed'), 'application');
});

test('loadApp() calls a factory with literals, and waits for what it makes', async () => {
	const made = async (spec: string) => (await loadApp(spec, folder))(undefined as never, undefined as never);
	assert.deepEqual(await made("factory.mjs:make('a:b/c', 1)"), ['a:b/c', 1]);
	assert.deepEqual(await made('factory:make()'), []);
	assert.deepEqual(await made("factory:later({ port: [80], name: ')' })"), [{ port: [80], name: ')' }]);
	await assert.rejects(made('factory:make(process)'), refused(/its arguments cannot be read: strings, numbers, .* not process$/));
	await assert.rejects(made('factory:make(a=1)'), refused(/give an object, \{ name: value \}$/));
	await assert.rejects(made('factory:fails()'), refused(/'fails' threw: no database \(.*factory\.mjs:1:\d+\)$/));
	await assert.rejects(made('factory:nothing()'), refused(/what 'nothing' returns is not a function, but undefined$/));
	await assert.rejects(made('factory:number()'), refused(/'number' is not a function, but number$/));
});

test('loadApp() knows what is meant', async () => {
	await assert.rejects(nameOf('comon.cjs:handler'), refused(/there is no module 'comon\.cjs' in .*; did you mean 'common\.cjs'\?$/));
	await assert.rejects(nameOf('app.py:app'), refused(/there is no module 'app\.py' .*JavaScript or TypeScript is needed$/));
	write('wsgi.py', '');
	await assert.rejects(nameOf('wsgi.py'), refused(/wsgi\.py is a module of Python; one of JavaScript or TypeScript is needed$/));
});

test('loadApp() says what is wrong', async () => {
	await assert.rejects(nameOf('nowhere:app'), refused(/^Cannot load app 'nowhere:app': there is no module 'nowhere' in /));
	await assert.rejects(nameOf('es.mjs:handle'), refused(/es\.mjs exports no 'handle'; did you mean 'handler'\?$/));
	await assert.rejects(nameOf('es.mjs:number'), refused(/it is not a function, but number$/));
	await assert.rejects(nameOf('lacks.mjs'), refused(/its module threw: Cannot find module/));
	await assert.rejects(
		nameOf('throws.mjs'),
		(error: Error) =>
			refused(/its module threw: no database \(.*throws\.mjs:1:7\)$/).message.test(error.message) && error.cause instanceof TypeError,
	);
});
