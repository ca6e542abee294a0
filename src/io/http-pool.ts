import type { Agent } from 'undici';
import type { ConnectionMessage } from './http-messages.js';

/** Ways to connect that keep their idle connections at the same time; beyond it the one unused for longest is closed. */
const MOST_AGENTS = 64;

/** The hub's connections, one undici agent for each way to connect. */
export class HttpPool {
	/** In the order of last use. */
	readonly #agents = new Map<string, Agent>();

	/** The agent for these options; loads undici on first use, because most programs never ask. */
	async agent(connection: ConnectionMessage): Promise<Agent> {
		const key = JSON.stringify(connection);
		const agent = this.#agents.get(key) ?? (await this.#make(key, connection));
		this.#agents.delete(key);
		this.#agents.set(key, agent);
		if (this.#agents.size > MOST_AGENTS) await this.#closeOldest();
		return agent;
	}

	/** An agent outside the pool; the caller closes it. */
	async fresh(connection: ConnectionMessage): Promise<Agent> {
		const { Agent } = await import('undici');
		return new Agent({
			// All limits are kept by the exchange, on the hub's clock.
			connect: { ...(connection as object), timeout: 0 },
			headersTimeout: 0,
			bodyTimeout: 0,
		});
	}

	async #make(key: string, connection: ConnectionMessage): Promise<Agent> {
		const made = await this.fresh(connection);
		// Somebody else may have made one while undici was loading.
		const agent = this.#agents.get(key) ?? made;
		this.#agents.set(key, agent);
		return agent;
	}

	async #closeOldest(): Promise<void> {
		const [key, agent] = this.#agents.entries().next().value as [string, Agent];
		this.#agents.delete(key);
		// Resolves when its requests have ended: not to be waited for.
		agent.close(() => undefined);
	}
}
