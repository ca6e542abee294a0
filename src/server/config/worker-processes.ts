import { notYet, refused, setting } from './setting.js';
import { choice, optional, seconds, switchTo, text, wholeNumber } from './value-kind.js';
import { checkWorkerClass } from './worker-class-name.js';

const section = 'Worker Processes';

export const workers = setting('workers', {
	section,
	flags: ['-w', '--workers'],
	kind: wholeNumber(1),
	default: 1,
	env: { variable: 'WEB_CONCURRENCY', text: (count) => count || undefined },
	doc: 'Worker processes.',
});

export const worker_class = setting('worker_class', {
	section,
	flags: ['-k', '--worker-class'],
	kind: text('CLASS', checkWorkerClass),
	default: 'sync',
	doc: 'How a worker serves: sync, gthread, gevent, async, or the path of a module whose default export extends Worker.',
});

export const threads = setting('threads', {
	section,
	flags: ['--threads'],
	kind: wholeNumber(1),
	default: 1,
	doc: 'Requests a gthread worker runs at once; more than 1 turns sync into gthread.',
});

export const worker_connections = setting('worker_connections', {
	section,
	flags: ['--worker-connections'],
	kind: optional(wholeNumber(1)),
	default: null,
	doc: 'Requests a gevent worker runs at once; without it, as many as the memory budget allows. gunicorn: 1000.',
});

export const max_requests = setting('max_requests', {
	section,
	flags: ['--max-requests'],
	kind: wholeNumber(0),
	default: 0,
	doc: 'Replaces a worker after so many requests; 0 never does.',
});

export const max_requests_jitter = setting('max_requests_jitter', {
	section,
	flags: ['--max-requests-jitter'],
	kind: wholeNumber(0),
	default: 0,
	doc: 'Adds a random number of at most so many to max_requests, for each worker its own, so that they are not all replaced at once.',
});

export const timeout = setting('timeout', {
	section,
	flags: ['-t', '--timeout'],
	kind: seconds,
	default: 30,
	doc: 'A worker that is silent for longer is killed; 0 never does. For sync it bounds the handler, for the others the time the event loop is blocked.',
});

export const graceful_timeout = setting('graceful_timeout', {
	section,
	flags: ['--graceful-timeout'],
	kind: seconds,
	default: 30,
	doc: 'How long requests in flight may take after TERM before their worker is killed.',
});

export const keepalive = setting('keepalive', {
	section,
	flags: ['--keep-alive'],
	kind: seconds,
	default: 2,
	doc: 'How long an idle connection waits for its next request; 0 closes after every answer. Behind a load balancer it must be longer than its own.',
});

export const asgi_loop = setting('asgi_loop', {
	section,
	flags: ['--asgi-loop'],
	kind: choice(['auto', 'asyncio', 'uvloop']),
	default: 'auto',
	doc: 'The event loop.',
	support: refused("Node has one event loop, libuv's; leave the setting out"),
});

export const asgi_lifespan = setting('asgi_lifespan', {
	section,
	flags: ['--asgi-lifespan'],
	kind: choice(['auto', 'on', 'off']),
	default: 'auto',
	doc: 'Whether an ASGI app is told of start and stop.',
	support: notYet('there is no ASGI yet; use top-level await in the app to start, and the hooks post_worker_init and worker_exit'),
	harmless: ['off'],
});

export const asgi_disconnect_grace_period = setting('asgi_disconnect_grace_period', {
	section,
	flags: ['--asgi-disconnect-grace-period'],
	kind: seconds,
	default: 3,
	doc: 'How long an ASGI request goes on after its client has left.',
	support: notYet('there is no ASGI yet; a handler of the class async has an AbortSignal instead'),
});

export const http_parser = setting('http_parser', {
	section,
	flags: ['--http-parser'],
	kind: choice(['auto', 'fast', 'python']),
	default: 'auto',
	doc: "The parser of requests; here always Node's own, llhttp.",
	support: refused("requests are parsed by Node's own llhttp; leave the setting out"),
});

export const boot_timeout = setting('boot_timeout', {
	section,
	flags: ['--boot-timeout'],
	kind: seconds,
	default: 60,
	doc: 'A worker that is not ready after so long is killed; 0 waits for ever.',
	own: true,
});

export const pre_stop_delay = setting('pre_stop_delay', {
	section,
	flags: ['--pre-stop-delay'],
	kind: seconds,
	default: 0,
	doc: 'How long the server goes on as if nothing had happened after TERM, until a load balancer or Kubernetes sends it nothing more.',
	own: true,
});

export const rolling = setting('rolling', {
	section,
	flags: ['--rolling'],
	kind: switchTo<boolean>(true),
	default: false,
	doc: 'HUP replaces one worker at a time instead of all at once.',
	own: true,
});
