import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { HaltServer } from '../../errors.js';

/** The settings that say whose the workers are: names or numbers; null or undefined changes nothing. */
export interface AccountSettings {
	readonly user?: string | number | null;
	readonly group?: string | number | null;
}

/** A user and a group by number; undefined where the process keeps its own. */
export interface Account {
	readonly uid: number | undefined;
	readonly gid: number | undefined;
}

/**
 * Looks up the user and the group that the settings name.
 * @throws HaltServer with exit status 1 when there is no such user or group
 */
export function resolveAccount({ user, group }: AccountSettings): Account {
	return {
		uid: resolveId('user', user, '/etc/passwd', ['id', '-u', '--']),
		gid: resolveId('group', group, '/etc/group', ['getent', 'group']),
	};
}

/**
 * Makes sure, before anything is started, that workers can become whom the settings name.
 * @throws HaltServer with exit status 1 when they cannot
 */
export function checkAccount(settings: AccountSettings): void {
	const { uid, gid } = resolveAccount(settings);
	const own = { uid: process.geteuid?.(), gid: process.getegid?.() };
	if (own.uid === 0) return;
	if (uid !== undefined && uid !== own.uid)
		throw new HaltServer(`Cannot run workers as user ${settings.user}: only root may, and this is the user ${own.uid}`, 1);
	if (gid !== undefined && gid !== own.gid)
		throw new HaltServer(`Cannot run workers in group ${settings.group}: only root may, and this is the group ${own.gid}`, 1);
}

/** Reads the file first; who is not in there may still be known to the system's other directories, such as LDAP. */
function resolveId(
	what: string,
	given: string | number | null | undefined,
	file: string,
	[command, ...args]: readonly [string, ...string[]],
): number | undefined {
	if (given === null || given === undefined || given === '') return undefined;
	if (/^\d+$/.test(String(given))) return Number(given);
	const name = String(given);
	const line = readFileSync(file, 'utf8')
		.split('\n')
		.find((entry) => entry.startsWith(`${name}:`));
	const found = line?.split(':')[2] ?? ask(command, [...args, name]);
	if (!found) throw new HaltServer(`Cannot run workers as ${what} '${name}': there is no such ${what}`, 1);
	return Number(found);
}

/** The number in what a command prints, alone or as the third of the fields; undefined when it fails. */
function ask(command: string, args: readonly string[]): string | undefined {
	try {
		const answer = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 5_000 }).trim();
		return answer.split(':')[2] ?? answer;
	} catch {
		// Not found, or there is no such command: nobody knows the name.
		return undefined;
	}
}
