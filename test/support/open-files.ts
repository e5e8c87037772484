import { readdir, readlink } from 'node:fs/promises';

/** Files below the folder that this process has open, removed ones too. */
export async function openFilesBelow(folder: string): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd');
  const targets = await Promise.all(
    descriptors.map((descriptor) => readlink(`/proc/self/fd/${descriptor}`).catch(() => '')),
  );
  return targets.filter((target) => target.startsWith(`${folder}/`)).sort();
}
