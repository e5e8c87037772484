import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { testFolder } from '../support/test-folder.ts';
import type { JournalEntry } from './faults.ts';
import { type Lost, losePower } from './power.ts';
import { Random } from './random.ts';

/** Takes everything that may be lost. */
class Worst extends Random {
  override chance(): boolean {
    return true;
  }
}

let root: string;
let journals: string;
let graveyard: string;

beforeEach(async () => {
  root = await testFolder();
  journals = join(root, 'journals');
  graveyard = join(root, 'graveyard');
  mkdirSync(journals);
  mkdirSync(graveyard);
  mkdirSync(join(root, 'ab'));
});

const file = (name: string): string => join(root, 'ab', name);
const folder = (): string => join(root, 'ab');

type Unstamped = JournalEntry extends infer E ? (E extends JournalEntry ? Omit<E, 'at'> : never) : never;

/** The entries of each process; all are in the order of time in which they are given. */
const lose = (...processes: readonly (readonly Unstamped[])[]): Lost => {
  let at = 0;
  for (const [which, entries] of processes.entries()) {
    const lines = entries.map((entry) => {
      at += 1;
      return JSON.stringify({ at: String(at), ...entry });
    });
    // The last line is one that a process was killed at.
    writeFileSync(join(journals, String(which)), [...lines, '{"at":"99","op":"syncfo'].join('\n'));
  }
  return losePower(journals, graveyard, new Worst(1));
};

describe('a loss of power', () => {
  it('leaves what was synced', () => {
    writeFileSync(file('a'), 'durable');
    const lost = lose([
      { op: 'create', path: file('a') },
      { op: 'sync', path: file('a'), size: 7 },
      { op: 'syncfolder', path: folder() },
    ]);
    expect(lost).toEqual({ entries: 0, cut: 0, revived: 0 });
    expect(readFileSync(file('a'), 'utf8')).toBe('durable');
  });

  it('takes bytes that came after the last sync', () => {
    writeFileSync(file('a'), 'durable, and more');
    const lost = lose([
      { op: 'create', path: file('a') },
      { op: 'syncfolder', path: folder() },
      { op: 'sync', path: file('a'), size: 7 },
    ]);
    expect(lost).toEqual({ entries: 0, cut: 1, revived: 0 });
    expect(readFileSync(file('a'), 'utf8')).toBe('durable');
  });

  it('takes a file whose folder was not synced since, whatever was synced of it', () => {
    writeFileSync(file('a'), 'durable');
    const lost = lose([
      { op: 'syncfolder', path: folder() },
      { op: 'create', path: file('a') },
      { op: 'sync', path: file('a'), size: 7 },
    ]);
    expect(lost).toEqual({ entries: 1, cut: 0, revived: 0 });
    expect(existsSync(file('a'))).toBe(false);
  });

  it('takes a new folder with all that is in it, unless another process synced its entry', () => {
    const made = [
      { op: 'mkdir', path: folder() },
      { op: 'create', path: file('a') },
      { op: 'sync', path: file('a'), size: 1 },
      { op: 'syncfolder', path: folder() },
    ] as const;
    writeFileSync(file('a'), 'x');
    expect(lose(made, [{ op: 'syncfolder', path: root }])).toEqual({ entries: 0, cut: 0, revived: 0 });
    expect(existsSync(file('a'))).toBe(true);
    expect(lose(made).entries).toBe(1);
    expect(existsSync(folder())).toBe(false);
  });

  it('brings back what was removed and whose folder was not synced since', () => {
    const kept = (name: string): string => {
      writeFileSync(join(graveyard, name), name);
      return join(graveyard, name);
    };
    const lost = lose([
      { op: 'remove', path: file('gone'), kept: kept('gone') },
      { op: 'syncfolder', path: folder() },
      { op: 'remove', path: file('back'), kept: kept('back') },
    ]);
    expect(lost).toEqual({ entries: 0, cut: 0, revived: 1 });
    expect(existsSync(file('gone'))).toBe(false);
    expect(readFileSync(file('back'), 'utf8')).toBe('back');
  });
});
