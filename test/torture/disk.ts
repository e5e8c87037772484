import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A small file system for a run, where this process may mount one. */
export interface SmallDisk {
  /** Takes every byte that is left. */
  fill(): void;
  free(): void;
  unmount(): void;
}

/** @returns the disk, or why there is none */
export function mountSmallDisk(folder: string, sizeBytes: number): SmallDisk | string {
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'berth-torture', folder]);
  if (mounted.status !== 0) {
    return mounted.error?.message ?? `no tmpfs can be mounted: ${String(mounted.stderr).trim()}`;
  }
  const filler = join(folder, 'filler');
  return {
    fill() {
      const file = openSync(filler, 'a');
      try {
        for (let size = 2 ** 20; size >= 512; ) {
          try {
            writeSync(file, Buffer.alloc(size, 1));
          } catch {
            size = Math.floor(size / 2);
          }
        }
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler, { force: true }),
    unmount: () => void spawnSync('umount', ['-l', folder]),
  };
}
