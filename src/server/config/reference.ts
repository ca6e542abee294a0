import { settingList } from './config.js';
import { usage } from './help.js';
import { type Hook, hookList } from './server-hooks.js';
import { SECTIONS, type Section, type Setting, type Support } from './setting.js';

const HEAD = `# Settings

Every setting of gunicorn 26.2, under its own name, with its own flags and in its own units, and what this server adds (*own*). This page is
made from the settings by \`npm run docs\`.

Where a setting comes from, each source winning over those before it: its default, or the environment variable named here; the config file;
the words of \`GUNICORN_CMD_ARGS\`; the command line. The config file is what \`-c\` names (\`PATH\`, \`file:PATH\`, \`module:NAME\`), else
\`gunicorn.conf.ts\`, \`.mts\`, \`.js\`, \`.mjs\`, \`.cjs\` or \`.json\` in the current folder. It exports the settings under their names, or an object
with them by default; names that begin with \`_\` are its own. On HUP it is read afresh, with all it imports. A name or a flag that does not
exist ends the start, with the nearest one that does; so does a setting marked *refused* or *not yet*, unless it has its default.

\`\`\`ts
// gunicorn.conf.ts
export const bind = ['127.0.0.1:8000', 'unix:/run/app.sock'];
export const workers = 4;
export const worker_class = 'gevent';

export function when_ready(server) {
	server.log.info(\`\${server.num_workers} workers at \${server.address}\`);
}
\`\`\`
`;

const HOOKS = `
Functions that the config file exports; they may be async. Each is waited for, 10 seconds at most; one that throws is logged, and the server
goes on. Those of the arbiter run in a thread beside it: one that hangs is ended with that thread, and the next hook gets a new one. They
get plain data with a \`log\`: a server is \`{ pid, address, num_workers, cfg, log }\`, a worker \`{ age, pid, log }\`. Those of a worker run
in its own process, which imports the config file for that.
`;

/** The page that describes every setting and hook, in Markdown. */
export function settingsReference(): string {
	return [HEAD, ...SECTIONS.map(describeSection)].join('\n');
}

function describeSection(section: Section): string {
	const settings = settingList.filter((setting) => setting.section === section).map(describeSetting);
	const hooks = hookList.filter((hook) => hook.section === section).map(describeHook);
	return [`## ${section}\n`, ...(section === 'Server Hooks' ? [HOOKS] : []), ...settings, ...hooks].join('');
}

function describeSetting(setting: Setting<unknown>): string {
	const { name, flags, default: value, defaultText, env, own, doc, support } = setting;
	const facts = [
		own && '*own*',
		flags.length > 0 ? `\`${usage(setting)}\`` : 'config file only',
		env && `\`$${env.variable}\``,
		`default ${defaultText ?? `\`${JSON.stringify(value)}\``}`,
	];
	return `\n### ${name}\n\n${facts.filter(Boolean).join(' · ')}\n\n${doc}${describeSupport(support)}\n`;
}

function describeHook({ name, parameters, side, doc, support }: Hook): string {
	const place = support.kind === 'works' ? ` · in the ${side}` : '';
	return `\n### ${name}\n\n\`${name}(${parameters})\`${place}\n\n${doc}${describeSupport(support)}\n`;
}

function describeSupport(support: Support): string {
	if (support.kind === 'works') return '';
	return ` **${support.kind === 'refused' ? 'Refused' : 'Not yet'}**: ${support.why}.`;
}
