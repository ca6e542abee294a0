/** `load.js URL CONNECTIONS SECONDS`: requests on keep-alive connections; prints how many were answered, in what time, and their p99. */
import autocannon from 'autocannon';

const [url, connections, seconds] = process.argv.slice(2) as [string, string, string];
const result = await autocannon({ url, connections: Number(connections), duration: Number(seconds) });
const failed = result.non2xx + result.errors + result.timeouts;
if (failed > 0) throw new Error(`Cannot use this load run: ${failed} of ${result['2xx'] + failed} requests failed`);
console.log(JSON.stringify({ requests: result['2xx'], seconds: result.duration, p99Ms: result.latency.p99 }));
