import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk of 64 KB, mounted for a test. */
export class SmallDisk implements Disposable {
	readonly path: string;

	private constructor(path: string) {
		this.path = path;
	}

	/** Undefined where nothing can be mounted. */
	static mount(): SmallDisk | undefined {
		const path = mkdtempSync(join(tmpdir(), 'tsgevent-disk-'));
		try {
			execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=777', 'tmpfs', path], { stdio: 'ignore' });
			return new SmallDisk(path);
		} catch {
			// Who is not root mounts nothing, nor does root in most containers.
			rmdirSync(path);
			return undefined;
		}
	}

	file(name: string): string {
		return join(this.path, name);
	}

	/** Leaves no byte. */
	fill(): void {
		const { bavail, bsize } = statfsSync(this.path);
		writeFileSync(this.file('filler'), Buffer.alloc(bavail * bsize));
	}

	/** Makes room again. */
	empty(): void {
		rmSync(this.file('filler'));
	}

	[Symbol.dispose](): void {
		execFileSync('umount', [this.path]);
		rmdirSync(this.path);
	}
}
