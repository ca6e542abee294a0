/** The settings that name the processes. */
export interface NameSettings {
	readonly proc_name: string | null;
	readonly default_proc_name: string;
}

/** gunicorn's default, in whose place it shows the app. */
const NO_NAME = 'gunicorn';

/** What `ps` shows after the role: the name that the settings give, else the app. */
export function processName({ proc_name, default_proc_name }: NameSettings, app: string): string {
	return proc_name ?? (default_proc_name === NO_NAME ? app : default_proc_name);
}

/**
 * Names this process in `ps`: `tsgunicorn: master [NAME]`, as gunicorn does. The system cuts it to the length of the command line.
 * @param role `master`, `worker` or, for one that was started by an upgrade, `Master.2`
 */
export function setProcessTitle(role: string, name: string): void {
	process.title = `tsgunicorn: ${role} [${name}]`;
}
