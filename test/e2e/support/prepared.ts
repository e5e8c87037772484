import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from './root.ts';

/** Servers that no Debian package has, in the order in which they are got, and the files of tests that need them. */
export const PREPARED = {
  pebble: 'acme.test.ts',
  ferretdb: 'databases.test.ts',
  'fake-gcs-server': 'gcs.test.ts',
} as const;

export type PreparedName = keyof typeof PREPARED;

const note = (name: PreparedName): string => join(root(), `prepared-${name}`);

/** Tells whoever waits that a program is there, or that there is none to be had. */
export function notePrepared(name: PreparedName, program: string | undefined): void {
  writeFileSync(`${note(name)}.new`, program ?? '');
  renameSync(`${note(name)}.new`, note(name));
}

/** The same of those about which nothing was told: whoever was to get them has ended. */
export function noteRest(names: readonly PreparedName[]): void {
  for (const name of names) if (!existsSync(note(name))) notePrepared(name, undefined);
}

/**
 * The program, as soon as it is there: it is got, or built, beside the files of tests that need none.
 * @returns undefined where there is none to be had
 */
export async function prepared(name: PreparedName): Promise<string | undefined> {
  while (!existsSync(note(name))) await sleep(100);
  const program = readFileSync(note(name), 'utf8');
  return program === '' ? undefined : program;
}
