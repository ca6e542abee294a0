/** `start.js SERVER`: milliseconds from the command to the moment when four workers serve hello; SERVER is `gevent` or `gunicorn`. */
import { fileURLToPath } from 'node:url';
import { report } from './rate.js';
import { BenchServer } from './server.js';

const WORKERS = 4;

const local = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const count = ['--workers', String(WORKERS)];
const startedAt = performance.now();
await using server =
	process.argv[2] === 'gunicorn'
		? BenchServer.gunicorn('hello', '--config', local('../../../bench/apps/printing_conf.py'), ...count)
		: BenchServer.gevent('--worker-class', local('../apps/printing-worker.js'), ...count, `${local('../apps/blocking.js')}:hello`);
await server.printed(/Worker is ready/, WORKERS);
report(performance.now() - startedAt);
const answer = await fetch(await server.url());
if ((await answer.text()) !== 'Hello, world\n') throw new Error(`Cannot use this run: ${answer.status}`);
