/**
 * `npm run bench [-- row ...] [--rounds N] [--write]`: measures the rows (all of them, or those named) and prints their
 * table; `--write` puts it into the README. `npm run bench:http` does the same with the server's rows, beside gunicorn.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gunicornVersions } from './gunicorn.js';
import { httpRows } from './http-rows.js';
import { measure, type NodeBinary, nodeBinaries } from './measure.js';
import { headline, markdown, type Outcome } from './report.js';
import { type Row, rows } from './rows.js';

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { http: { type: 'boolean', default: false }, rounds: { type: 'string' }, write: { type: 'boolean', default: false } },
});
const table = values.http ? 'bench:http' : 'bench';
const all = values.http ? httpRows : rows;

const chosen = all.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
if (chosen.length === 0) throw new Error(`Cannot bench ${positionals.join(', ')}: the rows are ${all.map(({ name }) => name).join(', ')}`);
const nodes = await nodeBinaries();
const gunicorn = values.http ? await gunicornVersions() : undefined;
if (gunicorn !== undefined) console.error(`Beside ${gunicorn}`);
const remarks = values.http ? [gunicorn ? `Beside it: ${gunicorn}.` : 'Without gunicorn, which is not installed.'] : [];

const outcomes: Outcome[] = [];
for (const row of chosen.flatMap(possible)) {
	const suited = nodes.filter(({ version }) => row.nodes.includes(version.split('.')[0] as string));
	if (suited.length === 0) console.error(`${row.name} is skipped: it is for Node ${row.nodes.join(', ')}, which is not here`);
	for (const node of suited) {
		const outcome = await measureRow(row, node);
		outcomes.push(outcome);
		console.error(`${row.name} on Node ${node.version}: ${headline(outcome).toFixed(2)}`);
	}
}
const text = markdown(outcomes, nodes, new Date(), `npm run ${table}`, remarks);
console.log(text);
if (values.write) write(text);

/** The row with those of its cases that can be measured here; nothing of one that compares with what is not installed. */
function possible(row: Row): Row[] {
	const cases = row.cases.filter(({ needs }) => needs !== 'gunicorn' || gunicorn !== undefined);
	if (cases.length === row.cases.length || row.figure === 'value') return [{ ...row, cases }];
	console.error(`${row.name} is skipped: it compares with gunicorn and its gevent class, which are not installed`);
	return [];
}

function write(text: string): void {
	const readme = new URL('../../README.md', import.meta.url);
	const region = new RegExp(`(<!-- ${table} -->\\n)[\\s\\S]*?(<!-- /${table} -->)`);
	const before = readFileSync(readme, 'utf8');
	if (!region.test(before)) throw new Error(`Cannot write the table: README.md has no region <!-- ${table} -->`);
	writeFileSync(
		readme,
		before.replace(region, (_, open, close) => `${open}${text}\n${close}`),
	);
}

/** Interleaved: every round runs each case once, so that a busy minute of the machine meets all of them. */
async function measureRow(row: Row, node: NodeBinary): Promise<Outcome> {
	const figures: number[][] = row.cases.map(() => []);
	for (let round = 0; round < Number(values.rounds ?? row.rounds); round++) {
		for (const [index, one] of row.cases.entries()) {
			const value = await measure(one, node);
			figures[index]?.push(value);
			console.error(`  ${row.name}, Node ${node.version}, round ${round + 1}: ${one.name} ${value.toFixed(1)} ${row.unit}`);
		}
	}
	return { row, node, figures };
}
