import { getDefaultResultOrder, promises, setDefaultResultOrder } from 'node:dns';
import { GreenError } from '../errors.js';
import type { Service } from '../hub/service.js';
import {
	GET_DEFAULT_RESULT_ORDER,
	GET_SERVERS,
	LOOKUP,
	LOOKUP_SERVICE,
	QUERIES,
	type Query,
	type ResultOrder,
	SET_DEFAULT_RESULT_ORDER,
	SET_SERVERS,
} from './dns-messages.js';

type Method = (name: string, options?: unknown) => Promise<unknown>;

/** The hub's side of `tsgevent/dns`: one resolver for all greenlets of the process. */
export const dnsService: Service = (host) => {
	let resolver = new promises.Resolver();
	host.handle(LOOKUP, (_request, hostname, options) => promises.lookup(hostname, (options ?? {}) as object));
	host.handle(LOOKUP_SERVICE, (_request, address, port) => promises.lookupService(address, port));
	host.handle(GET_SERVERS, () => resolver.getServers());
	host.handle(SET_SERVERS, (_request, servers) => {
		// A resolver refuses new servers while it waits for the old ones; a fresh one leaves those questions alone.
		const next = new promises.Resolver();
		next.setServers(servers);
		resolver = next;
		return undefined;
	});
	host.handle(GET_DEFAULT_RESULT_ORDER, () => getDefaultResultOrder() as ResultOrder);
	host.handle(SET_DEFAULT_RESULT_ORDER, (_request, order) => setDefaultResultOrder(order as 'verbatim') as undefined);
	for (const query of Object.keys(QUERIES) as Query[]) {
		host.handle(QUERIES[query], (_request, name, options) => ask(resolver, query, name, options));
	}
};

function ask(resolver: InstanceType<typeof promises.Resolver>, query: Query, name: string, options: unknown): Promise<unknown> {
	const method = (resolver as unknown as Partial<Record<Query, Method>>)[query];
	if (!method) {
		throw new GreenError('ERR_METHOD_NOT_IMPLEMENTED', `Cannot call ${query}Sync: Node ${process.versions.node} has no dns.${query}`);
	}
	return options === null ? method.call(resolver, name) : method.call(resolver, name, options);
}
