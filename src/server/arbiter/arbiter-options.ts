import type { Clock } from '../../clock.js';
import type { Config } from '../config/config.js';
import type { Configuration } from '../config/configuration.js';
import type { Log, Logs } from '../log/log.js';
import type { SignalQueue } from '../signals.js';
import type { Listener } from './listeners.js';

/** The settings with the hooks that came with them. */
export type ConfigurationInForce = Pick<Configuration, 'app' | 'config' | 'hooks' | 'close'>;

/** Everything that HUP replaces as a whole. */
export interface Setup {
	readonly configuration: ConfigurationInForce;
	readonly logs: Logs;
	/** Sockets that listen already. */
	readonly listeners: readonly Listener[];
}

/** The pid file, as far as the arbiter goes on with it after the start. */
export interface HeldPidFile {
	/** Moves it to where new settings want it; `undefined` or `null`: nowhere. Throws when that cannot be. */
	rename(path: string | null | undefined): void;
	unlink(): void;
}

/** What the service manager is told. None of these throws. */
export interface ServiceNotifier {
	ready(): void;
	reloading(): void;
	stopping(): void;
}

/** A second master beside this one. */
export interface MasterUpgrade {
	/** USR2: starts it, after the hook `pre_exec`, with the sockets in force then; says in the log why when it does not. */
	start(current: () => Setup): Promise<void>;
	/** Called last before the process exits. */
	finish(): void;
}

/** Watches the files of the app. */
export interface FileWatcher {
	close(): Promise<void>;
}

/** What an arbiter is made of. */
export interface ArbiterOptions extends Setup {
	readonly clock: Clock;
	/** With the handlers installed already. */
	readonly signals: SignalQueue;
	/** Reads all settings afresh; rejects with what is wrong with them. */
	readonly load: () => Promise<ConfigurationInForce>;
	/** Opens the logs as these settings say; throws when it cannot. */
	readonly openLogs: (config: Config) => Logs;
	/** Listens where these settings say, keeping the sockets that stay, and closes the others; changes nothing when it rejects. */
	readonly rebind: (current: readonly Listener[], config: Config, log: Log, stop: AbortSignal) => Promise<readonly Listener[]>;
	/** Loads the app in a process of its own; resolves with 0, 3 or 4. `stop` ends it early, as it does `rebind`. */
	readonly checkApp: (app: string, config: Config, log: Log, stop: AbortSignal) => Promise<number>;
	/** For `reload`: calls `onChange` with the files of the app that have changed. */
	readonly watch: (config: Config, app: string, log: Log, onChange: (paths: readonly string[]) => void) => FileWatcher;
	/** Called with what a HUP has put in force. */
	readonly onAdopt?: ((setup: Setup) => void) | undefined;
	/** Called when as many workers as wanted serve, after the start and after each HUP. */
	readonly onReady?: (() => void) | undefined;
	readonly pidFile?: HeldPidFile | undefined;
	readonly notifier?: ServiceNotifier | undefined;
	readonly upgrade?: MasterUpgrade | undefined;
}
