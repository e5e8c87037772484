import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { JournalEntry } from './faults.ts';
import type { Random } from './random.ts';

/** What a loss of power did to the content. */
export interface Lost {
  /** Files and folders whose entry was not synced. */
  entries: number;
  /** Files of which bytes were not synced. */
  cut: number;
  /** Removed files that are back, since their folder was not synced. */
  revived: number;
}

/** Not everything that may be lost is: the system writes back by itself, too. */
const LOST_SHARE = 0.8;

function readJournals(folder: string): JournalEntry[] {
  const entries: JournalEntry[] = [];
  for (const name of readdirSync(folder)) {
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
      // A process may have been killed while it wrote its last line.
      if (line.endsWith('}')) entries.push(JSON.parse(line) as JournalEntry);
    }
  }
  return entries.sort((a, b) => (BigInt(a.at) < BigInt(b.at) ? -1 : 1));
}

/**
 * Makes of the content what a loss of power leaves of it at this moment, by the journals of all processes that wrote
 * to it; they are dead by now. What was synced stays, byte for byte; of the rest, most goes. The journals and the
 * removed files are done with afterwards.
 */
export function losePower(journals: string, graveyard: string, random: Random): Lost {
  const lost: Lost = { entries: 0, cut: 0, revived: 0 };
  const synced = new Map<string, bigint>();
  const size = new Map<string, number>();
  const entries = readJournals(journals);
  for (const entry of entries) {
    if (entry.op === 'syncfolder') synced.set(entry.path, BigInt(entry.at));
    if (entry.op === 'sync') size.set(entry.path, Math.max(size.get(entry.path) ?? 0, entry.size));
  }
  const isDurable = ({ path, at }: JournalEntry): boolean => (synced.get(dirname(path)) ?? -1n) >= BigInt(at);
  const removed = new Set(entries.filter(({ op }) => op === 'remove').map(({ path }) => path));
  for (const entry of entries) {
    const { path } = entry;
    if (entry.op === 'remove' && existsSync(entry.kept)) {
      const isBack = !isDurable(entry) && existsSync(dirname(path)) && random.chance(LOST_SHARE);
      if (isBack) lost.revived += 1;
      if (isBack) renameSync(entry.kept, path);
      else rmSync(entry.kept);
    }
    if ((entry.op !== 'create' && entry.op !== 'mkdir') || !existsSync(path)) continue;
    if (!isDurable(entry) && random.chance(LOST_SHARE)) {
      rmSync(path, { recursive: true });
      lost.entries += 1;
    } else if (entry.op === 'create' && !removed.has(path)) {
      lost.cut += cut(path, size.get(path) ?? 0, random);
    }
  }
  rmSync(graveyard, { recursive: true, force: true });
  for (const name of readdirSync(journals)) rmSync(join(journals, name));
  return lost;
}

/** What comes after the synced bytes is cut off, or full of zeros. @returns 1 where there was any */
function cut(path: string, syncedBytes: number, random: Random): number {
  const { size } = statSync(path);
  if (size <= syncedBytes || !random.chance(LOST_SHARE)) return 0;
  if (random.chance(0.5)) {
    truncateSync(path, syncedBytes);
  } else {
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(size - syncedBytes), 0, size - syncedBytes, syncedBytes);
    closeSync(file);
  }
  return 1;
}
