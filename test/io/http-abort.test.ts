/** What ends a request for the server, too. The time is mocked and passes only when the server has been asked, however long that takes. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { configure, type Greenlet, spawn } from '../../src/index.js';
import { getSync } from '../../src/io/http.js';
import { useMockClock } from '../../src/testing/index.js';
import type { HttpAddress } from '../support/http-peer.js';
import { failureOf, fetchText, lateStatus, statusOf } from '../support/http-tasks.js';
import { Peer } from '../support/peer.js';

configure({ allowMainCallbacks: true });
const time = useMockClock();

const LIMIT_MS = 50;

describe('a request is aborted at the server', () => {
	const folder = mkdtempSync(join(tmpdir(), 'tsgevent-http-'));
	let peer: Peer<HttpAddress>;
	let http: string;

	before(async () => {
		peer = await Peer.start<HttpAddress>(new URL('../support/http-peer.js', import.meta.url), { socketPath: join(folder, 'peer.sock') });
		({ http } = peer.address);
	});

	after(async () => {
		await peer.stop();
		rmSync(folder, { recursive: true });
	});

	/** Lets time pass until a greenlet whose request the server has seen has ended. */
	function outlast(greenlet: Greenlet<unknown>): void {
		while (!greenlet.ready()) time.advance(LIMIT_MS);
	}

	for (const [limit, path] of [
		['timeout', '/silent'],
		['timeout', '/stuck'],
		['headersTimeout', '/silent'],
		['bodyTimeout', '/stuck'],
	] as const) {
		test(`by its ${limit}, at ${path}`, async () => {
			const greenlet = spawn(failureOf, http + path, { [limit]: LIMIT_MS });
			await peer.saw('asked');
			outlast(greenlet);
			assert.deepEqual(greenlet.get(), ['TimedOutError', 'ETIMEDOUT']);
			await peer.saw('aborted');
		});
	}

	test('by a Timeout of the greenlet', async () => {
		const greenlet = spawn(lateStatus, `${http}/silent`, LIMIT_MS);
		await peer.saw('asked');
		outlast(greenlet);
		assert.equal(greenlet.get(), 'late');
		await peer.saw('aborted');
	});

	test('by closing its response', async () => {
		getSync(`${http}/stuck`).close();
		await peer.saw('aborted');
	});

	test('by a kill while it waits for headers', async () => {
		const greenlet = spawn(statusOf, `${http}/silent`);
		await peer.saw('asked');
		greenlet.kill();
		await peer.saw('aborted');
	});

	test('by a kill while it reads the body', async () => {
		const greenlet = spawn(fetchText, `${http}/stuck`);
		await peer.saw('asked');
		greenlet.kill();
		await peer.saw('aborted');
	});

	test('by the end of a greenlet that leaves its body unread', async () => {
		assert.equal(spawn(statusOf, `${http}/stuck`).get(), 200);
		await peer.saw('aborted');
	});
});
