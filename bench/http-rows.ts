import type { Case } from './measure.js';
import type { Row } from './rows.js';

const CONNECTIONS = 64;
const MANY_CONNECTIONS = 256;

const http = (name: string, kind: string, handler: string, figure: string, connections: number): Case => ({
	name,
	script: 'http',
	args: [kind, handler, figure, String(connections)],
	...(kind === 'gunicorn' ? { needs: 'gunicorn' } : {}),
});

const sleepy = (figure: string): Case[] => [
	http('tsgunicorn', 'gevent', 'sleepy', figure, MANY_CONNECTIONS),
	http('gunicorn', 'gunicorn', 'sleepy', figure, MANY_CONNECTIONS),
];

/** The limits of the server, beside gunicorn with its gevent class where that is installed. */
export const httpRows: readonly Row[] = [
	{
		name: 'hello',
		title: 'Hello, `-k gevent -w 1`, 64 keep-alive connections',
		cases: [
			http('tsgunicorn', 'gevent', 'hello', 'per-cpu-second', CONNECTIONS),
			http('gunicorn', 'gunicorn', 'hello', 'per-cpu-second', CONNECTIONS),
		],
		nodes: ['20', '24'],
		rounds: 3,
		unit: 'requests per CPU-second of the worker',
		figure: 'ratio',
		reach: '1.3x',
		aim: '2x',
		reached: (figure) => figure >= 1.3,
	},
	{
		name: 'sleepy',
		title: 'Handler that blocks for 50 ms, 256 connections, one worker: throughput',
		cases: sleepy('per-second'),
		nodes: ['20', '24'],
		rounds: 3,
		unit: 'requests/s',
		figure: 'ratio',
		reach: '1x',
		aim: '1.1x',
		reached: (figure) => figure >= 1,
	},
	{
		name: 'sleepy-p99',
		title: 'The same: 99th percentile of the answer times',
		cases: sleepy('p99'),
		nodes: ['20', '24'],
		rounds: 3,
		unit: 'ms',
		figure: 'ratio',
		reach: '<= 1.5x',
		aim: '1x',
		reached: (figure) => figure <= 1.5,
	},
	{
		name: 'burst',
		title: '64 simultaneous requests of 50 ms over `-w 4` with 16 greenlets each, warm: until all are answered',
		cases: [
			{ name: 'tsgunicorn', script: 'burst', args: ['gevent'] },
			{ name: 'gunicorn', script: 'burst', args: ['gunicorn'], needs: 'gunicorn' },
		],
		nodes: ['20', '24'],
		rounds: 3,
		unit: 'ms',
		figure: 'value',
		reach: '200 ms',
		aim: '120 ms',
		reached: (figure) => figure <= 200,
	},
	{
		name: 'access-log',
		title: 'Hello with the access log, in times of hello without',
		cases: [
			http('with', 'gevent-logged', 'hello', 'per-cpu-second', CONNECTIONS),
			http('without', 'gevent', 'hello', 'per-cpu-second', CONNECTIONS),
		],
		nodes: ['20', '24'],
		rounds: 5,
		unit: 'requests per CPU-second of the worker',
		figure: 'ratio',
		reach: '0.9x',
		aim: '0.95x',
		reached: (figure) => figure >= 0.9,
	},
	{
		name: 'start',
		title: 'Start of `-w 4` until all four are ready',
		cases: [
			{ name: 'tsgunicorn', script: 'start', args: ['gevent'] },
			{ name: 'gunicorn', script: 'start', args: ['gunicorn'], needs: 'gunicorn' },
		],
		nodes: ['24'],
		rounds: 5,
		unit: 'ms',
		figure: 'value',
		reach: '2,500 ms',
		aim: '1,500 ms',
		reached: (figure) => figure <= 2_500,
	},
	{
		name: 'dropped',
		title: '20 HUPs and 5 upgrades (USR2, TERM) of `-w 4` at random moments, 20,000 requests: how many fail',
		cases: [{ name: 'tsgunicorn', script: 'dropped', args: ['20', '5', '20000'] }],
		nodes: ['20', '24'],
		rounds: 1,
		unit: 'failed',
		figure: 'value',
		reach: '0',
		aim: '0',
		reached: (figure) => figure === 0,
	},
];
