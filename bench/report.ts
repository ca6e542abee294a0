import { arch, cpus, platform, release, totalmem } from 'node:os';
import type { NodeBinary } from './measure.js';
import type { Row } from './rows.js';

/** All figures of one row on one Node: for each case, one a round. */
export interface Outcome {
	readonly row: Row;
	readonly node: NodeBinary;
	readonly figures: readonly (readonly number[])[];
}

/** The middle of the sorted figures, or the mean of the two in the middle. */
export function median(figures: readonly number[]): number {
	const sorted = figures.toSorted((a, b) => a - b);
	const middle = sorted.length >> 1;
	return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** What is held against the limit; ratios are taken within a round, where both cases met the same machine, and then their median. */
export function headline({ row, figures }: Outcome): number {
	const [first = [], second = []] = figures;
	if (row.figure === 'value') return median(first);
	const ratios = first.map((figure, round) => figure / (second[round] as number));
	return median(row.figure === 'ratio' ? ratios : ratios.map((ratio) => 1 / ratio));
}

/**
 * The table of all outcomes, and under it the machine they are from.
 * @param remarks more sentences about it
 */
export function markdown(
	outcomes: readonly Outcome[],
	nodes: readonly NodeBinary[],
	at: Date,
	command = 'npm run bench',
	remarks: readonly string[] = [],
): string {
	const lines = outcomes.map((outcome) => {
		const { row, node } = outcome;
		const medians = row.cases.map(({ name }, index) => `${name} ${number(median(outcome.figures[index] ?? []))}`).join(', ');
		const figure = headline(outcome);
		const result = row.figure === 'value' ? `${figure.toFixed(1)} ${row.unit}` : `${figure.toFixed(2)}x`;
		const verdict = row.reached(figure) ? result : `${result} (missed)`;
		return `| ${row.title} | ${node.version} | ${medians} ${row.unit} | **${verdict}** | ${row.reach} | ${row.aim} |`;
	});
	return [
		'| What | Node | Medians | Result | Limit | Aim |',
		'|---|---|---|---|---|---|',
		...lines,
		'',
		`${machine(nodes)}. Measured ${at.toISOString().slice(0, 10)} by \`${command} -- --write\`: every case in a process of its own, in interleaved rounds; ratios are taken within a round, then their median.${remarks.map((remark) => ` ${remark}`).join('')}`,
	].join('\n');
}

/** One line about the machine. */
export function machine(nodes: readonly NodeBinary[]): string {
	const [cpu] = cpus();
	const gigabytes = Math.round(totalmem() / 2 ** 30);
	const versions = nodes.map(({ version }) => version).join(', ');
	return `${cpus().length} cores of ${cpu?.model.trim() ?? 'an unknown CPU'}, ${gigabytes} GB, ${platform()} ${release()} ${arch()}, Node ${versions}`;
}

function number(value: number): string {
	return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1);
}
