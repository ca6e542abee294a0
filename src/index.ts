import './runtime/script.js';

export type { Capabilities } from './engine/engine.js';
export {
	BlockingHubError,
	BusyError,
	ClosedError,
	GreenError,
	GreenletExit,
	GreenletLostError,
	HubStoppedError,
	IncompleteReadError,
	InternalError,
	KillPendingError,
	NotSpawnableError,
	PendingPromiseError,
	ReadLimitError,
	ThreadLostError,
	TimedOutError,
	WouldBlockForeverError,
	WrongThreadError,
} from './errors.js';
export { awaitSync } from './greenlet/await-sync.js';
export type { Cloned } from './greenlet/cloned.js';
export { isControlFlow } from './greenlet/control-flow.js';
export { getCurrent } from './greenlet/current.js';
export {
	type GetOptions,
	Greenlet,
	type JoinAllOptions,
	type JoinOptions,
	joinAll,
	type KillOptions,
	killAll,
} from './greenlet/greenlet.js';
export { isMain } from './greenlet/main-module.js';
export { sleep } from './greenlet/sleep.js';
export { type Spawned, type SpawnOptions, spawn, spawnLater, spawnWith } from './greenlet/spawn.js';
export { type TaskName, task, tasks, type Where } from './greenlet/task.js';
export { Timeout, type WithTimeoutOptions, withTimeout } from './greenlet/timeout.js';
export { configure, type RuntimeOptions } from './runtime/options.js';
export { readBodySync } from './server/http/read-body.js';
