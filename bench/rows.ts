import type { Case } from './measure.js';

/** One limit: what is measured, against what, and how far it should reach. */
export interface Row {
	readonly name: string;
	readonly title: string;
	/** The cases in each round: the first is this package, the second what it is held against, the others for comparison. */
	readonly cases: readonly Case[];
	/** Majors of Node to measure on. */
	readonly nodes: readonly string[];
	readonly rounds: number;
	readonly unit: string;
	/** `ratio`: first case over second; `inverse`: second over first; `value`: the first case's figure itself. */
	readonly figure: 'ratio' | 'inverse' | 'value';
	readonly reach: string;
	readonly aim: string;
	/** Whether a figure is good enough. */
	reached(figure: number): boolean;
}

const http = (name: string, kind: string, handler: string, figure: string, connections: number): Case => ({
	name,
	script: 'http',
	args: [kind, handler, figure, String(connections)],
});

export const rows: readonly Row[] = [
	{
		name: 'at-once',
		title: 'The app of `npm start`, warm: 64 requests at once, in times of one',
		cases: [
			{ name: '64 at once', script: 'at-once', args: ['64'] },
			{ name: 'one', script: 'at-once', args: ['1'] },
		],
		nodes: ['20'],
		rounds: 3,
		unit: 'ms',
		figure: 'ratio',
		reach: 'about 1x',
		aim: '1x',
		reached: (figure) => figure <= 2,
	},
	{
		name: 'echo',
		title: 'Round trip greenlet, hub, greenlet; one in flight',
		cases: [
			{ name: 'tsgevent', script: 'echo-tsgevent' },
			{ name: 'synckit', script: 'echo-synckit' },
			{ name: 'make-synchronized', script: 'echo-make-synchronized' },
		],
		nodes: ['20', '24'],
		rounds: 5,
		unit: 'calls/s',
		figure: 'ratio',
		reach: '1.25x',
		aim: '1.5x',
		reached: (figure) => figure >= 1.25,
	},
	{
		name: 'echo-many',
		title: 'The same, 64 greenlets at once, all calls together',
		cases: [
			{ name: 'tsgevent', script: 'echo-many-tsgevent' },
			{ name: "synckit's one", script: 'echo-synckit' },
		],
		nodes: ['20', '24'],
		rounds: 3,
		unit: 'calls/s',
		figure: 'ratio',
		reach: '1x',
		aim: '1.3x',
		reached: (figure) => figure >= 1,
	},
	{
		name: 'hello',
		title: 'HTTP hello, 64 keep-alive connections, 64 greenlets',
		cases: [http('tsgevent', 'gevent', 'hello', 'per-cpu-second', 64), http('plain node:http', 'plain', 'hello', 'per-cpu-second', 64)],
		nodes: ['20', '24'],
		rounds: 3,
		unit: 'requests per CPU-second',
		figure: 'ratio',
		reach: '0.3x',
		aim: '0.45x',
		reached: (figure) => figure >= 0.3,
	},
	{
		name: 'sleepy',
		title: 'Handler that sleeps 50 ms, 256 connections, 256 greenlets, one worker',
		cases: [http('tsgevent', 'gevent', 'sleepy', 'per-second', 256), http('plain node:http, async', 'plain', 'sleepy', 'per-second', 256)],
		nodes: ['20'],
		rounds: 3,
		unit: 'requests/s',
		figure: 'ratio',
		reach: '0.8x',
		aim: '0.9x',
		reached: (figure) => figure >= 0.8,
	},
	{
		name: 'memory',
		title: "Resident memory per parked greenlet, without the app's own modules",
		cases: [{ name: 'tsgevent', script: 'memory' }],
		nodes: ['20'],
		rounds: 3,
		unit: 'MB',
		figure: 'value',
		reach: '<= 11 MB',
		aim: '8 MB',
		reached: (figure) => figure <= 11,
	},
	{
		name: 'spawn',
		title: 'Start of an empty greenlet on a warm pool (spawn and get), in round trips',
		cases: [
			{ name: 'spawn and get', script: 'spawn', args: ['spawn'] },
			{ name: 'round trips', script: 'spawn', args: ['echo'] },
		],
		nodes: ['20', '24'],
		rounds: 5,
		unit: 'a second',
		figure: 'inverse',
		reach: '<= 3x',
		aim: '2x',
		reached: (figure) => figure <= 3,
	},
];
