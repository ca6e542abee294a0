/**
 * `npm run bench [-- row ...] [--rounds N] [--write]`: measures the rows (all of them, or those named) and prints their
 * table; `--write` puts it into the README.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measure, type NodeBinary, nodeBinaries } from './measure.js';
import { headline, markdown, type Outcome } from './report.js';
import { type Row, rows } from './rows.js';

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { rounds: { type: 'string' }, write: { type: 'boolean', default: false } },
});
const readme = new URL('../../README.md', import.meta.url);
const REGION = /(<!-- bench -->\n)[\s\S]*?(<!-- \/bench -->)/;

const chosen = rows.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
if (chosen.length === 0) throw new Error(`Cannot bench ${positionals.join(', ')}: the rows are ${rows.map(({ name }) => name).join(', ')}`);
const nodes = await nodeBinaries();

const outcomes: Outcome[] = [];
for (const row of chosen) {
	for (const node of nodes.filter(({ version }) => row.nodes.includes(version.split('.')[0] as string))) {
		const outcome = await measureRow(row, node);
		outcomes.push(outcome);
		console.error(`${row.name} on Node ${node.version}: ${headline(outcome).toFixed(2)}`);
	}
}
const table = markdown(outcomes, nodes, new Date());
console.log(table);
if (values.write)
	writeFileSync(
		readme,
		readFileSync(readme, 'utf8').replace(REGION, (_, open, close) => `${open}${table}\n${close}`),
	);

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
