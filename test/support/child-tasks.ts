/** What greenlets of the child process tests do; apart from the tests, because their threads load this module. */
import { getCurrent, tasks } from '../../src/index.js';
import { execSync, spawnSync } from '../../src/io/child-process.js';

export const { runShell, runShellCarefully, variable } = tasks(import.meta, {
	runShell: (command: string) => execSync(command, { encoding: 'utf8' }),
	/** Sends another signal than usual when it is killed. */
	runShellCarefully: (command: string) => spawnSync(command, { shell: true, killSignal: 'SIGINT', stdio: 'ignore' }).status,
	/** Sets a variable in this thread and asks a child for it. */
	variable: (name: string) => {
		process.env[name] = `of ${getCurrent()?.name ?? 'nobody'}`;
		return execSync(`echo $${name}`, { encoding: 'utf8' });
	},
});
