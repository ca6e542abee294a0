/** The part of autocannon that the benches use; the package brings no types. */
declare module 'autocannon' {
	interface Options {
		readonly url: string;
		readonly connections: number;
		/** Seconds. */
		readonly duration: number;
	}
	interface Result {
		/** Seconds that it really took. */
		readonly duration: number;
		/** Milliseconds. */
		readonly latency: { readonly p99: number };
		readonly '2xx': number;
		readonly non2xx: number;
		readonly errors: number;
		readonly timeouts: number;
	}
	export default function autocannon(options: Options): Promise<Result>;
}
