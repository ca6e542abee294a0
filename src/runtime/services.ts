import { SERVICE } from '../engine/core-operations.js';
import { coreService } from '../hub/core-service.js';
import type { Hub } from '../hub/hub.js';
import type { Service } from '../hub/service.js';
import { childProcessService } from '../io/child-process-service.js';
import { dnsService } from '../io/dns-service.js';
import { httpService } from '../io/http-service.js';
import { netService } from '../io/net-service.js';
import { proxyService } from '../io/proxy-service.js';
import { threadPoolService } from '../io/thread-pool-service.js';

const SERVICES: readonly Service[] = [netService, dnsService, httpService, childProcessService, proxyService, threadPoolService];

/** Teaches a hub everything greenlets may ask of it. */
export function registerServices(hub: Hub): void {
	coreService(hub);
	for (const service of SERVICES) service(hub);
	const loaded = new Map<string, Promise<void>>();
	hub.handle(SERVICE, (_request, url) => {
		const loading = loaded.get(url) ?? load(hub, url);
		loaded.set(url, loading);
		return loading;
	});
}

async function load(hub: Hub, url: string): Promise<void> {
	const { service } = (await import(url)) as { service: (hub: Hub) => void };
	service(hub);
}
