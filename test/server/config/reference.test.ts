import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { settingList } from '../../../src/server/config/config.js';
import { settingsReference } from '../../../src/server/config/reference.js';
import { hookList } from '../../../src/server/config/server-hooks.js';
import { projectPath } from '../../support/project.js';

const page = readFileSync(projectPath('docs/settings.md'), 'utf8');

/** The text below a heading of the third order. */
function entry(name: string): string {
	const found = page.split(/^###? /m).find((text) => text.startsWith(`${name}\n`));
	assert.ok(found, `${name} is not on the page`);
	return found;
}

test('docs/settings.md is what the settings say (npm run docs)', () => {
	assert.equal(page, settingsReference());
});

test('docs/settings.md has every setting with its flags, environment, default and whether it works', () => {
	for (const { name, flags, env, default: value, defaultText, doc, support } of settingList) {
		const text = entry(name);
		for (const flag of flags) assert.ok(text.includes(flag), `${flag} of ${name}`);
		if (env) assert.ok(text.includes(`$${env.variable}`), `the environment of ${name}`);
		assert.ok(text.includes(defaultText ?? JSON.stringify(value)), `the default of ${name}`);
		assert.ok(text.includes(doc), `the text of ${name}`);
		assert.equal(support.kind === 'works', !/\*\*(?:Refused|Not yet)\*\*: ./.test(text), `the support of ${name}`);
	}
});

test('docs/settings.md has every hook with its arguments', () => {
	for (const { name, parameters } of hookList) assert.ok(entry(name).includes(`\`${name}(${parameters})\``));
});
