import { type AccountSettings, resolveAccount } from './account.js';

/** What `dropPrivileges` needs of the settings. */
export interface PrivilegeSettings extends AccountSettings {
	/** Whether to take the groups that `user` is a member of. */
	readonly initgroups?: boolean;
}

/** A method that the types do not know. */
type WithInitgroups = NodeJS.Process & { initgroups?(user: string | number, extraGroup: number): void };

/**
 * Makes this process run as the settings' user and group. To be called in a worker before it starts threads or loads anything of the
 * app's. The supplementary groups become those of the user with `initgroups`, else none but the group itself: those of
 * root would give away what the change of user is to protect.
 * @throws HaltServer with exit status 1 for an unknown user or group
 * @throws Node's system error when the process may not
 */
export function dropPrivileges(settings: PrivilegeSettings): void {
	const { uid, gid } = resolveAccount(settings);
	const group = gid ?? process.getgid?.();
	const changes = (uid !== undefined && uid !== process.getuid?.()) || (gid !== undefined && gid !== process.getgid?.());
	if (!changes || group === undefined) return;
	// In this order, because who is no longer root may change nothing.
	if (process.getuid?.() === 0) setGroups(settings, uid, group);
	process.setgid?.(group);
	if (uid !== undefined) process.setuid?.(uid);
}

function setGroups({ user, initgroups }: PrivilegeSettings, uid: number | undefined, group: number): void {
	try {
		// It takes a numeric text for a name.
		if (initgroups && uid !== undefined) (process as WithInitgroups).initgroups?.(user === String(uid) ? uid : (user ?? uid), group);
		else process.setgroups?.([group]);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'ERR_UNKNOWN_CREDENTIAL') throw error;
		// A number that no user has is no member of anything.
		process.setgroups?.([group]);
	}
}
