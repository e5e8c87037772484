import type { ChildProcess } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readBack } from '../../test/support/acknowledged.ts';
import { contentOf } from '../../test/support/pieces.ts';
import { replicaOf } from '../../test/support/replica.ts';
import { startScript } from '../../test/support/scripts.ts';
import { askFile } from '../../test/support/sqlite-index.ts';
import { testFolder } from '../../test/support/test-folder.ts';
import { openFsContentStore } from '../content/fs/open.ts';
import { openSqliteIndex } from '../index/sqlite/open.ts';
import { removeDiscarded } from '../lifecycle/remove-discarded.ts';
import { algorithmOf, type Digest, digestOf } from '../oci/digest.ts';

const ROUNDS = 20;
/** No further round begins after this; on a machine that is quick enough, all rounds are over long before. */
const TIME_MS = 6_000;

/** A process that can be killed, and what it said so far. */
interface Victim {
  readonly process: ChildProcess;
  readonly lines: string[];
  readonly ended: Promise<void>;
  said(line: string): Promise<void>;
  /** Resolves after so many lines about what was acknowledged. */
  acknowledged(count: number): Promise<void>;
}

function prepare(folder: string, name: string): Victim {
  const child = startScript('crash-child.ts', [folder, name], { cache: join(folder, 'compiled') });
  const lines: string[] = [];
  if (child.stdout === null) throw new Error('the process has no output');
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => reader.on('close', resolve));
  const until = async (isSaid: () => boolean): Promise<void> => {
    let hasEnded = false;
    void ended.then(() => {
      hasEnded = true;
    });
    while (!isSaid()) {
      if (hasEnded) throw new Error(`the process ended by itself after it said ${lines.at(-1)}`);
      await sleep(2);
    }
  };
  return {
    process: child,
    lines,
    ended,
    said: (line) => until(() => lines.includes(line)),
    acknowledged: (count) => until(() => lines.filter((line) => line.includes(' ')).length >= count),
  };
}

describe('kill -9 at any instant', () => {
  it('loses nothing that was acknowledged, shows nothing half written, and leaves no stray files', async () => {
    const folder = await testFolder();
    const said: string[] = [];
    const unchecked: string[] = [];
    const began = performance.now();
    let rounds = 0;
    const victims: Victim[] = [];
    onTestFinished(async () => {
      for (const { process, ended } of victims) {
        process.kill('SIGKILL');
        await ended;
      }
    });
    const prepared = (round: number): Victim => {
      const victim = prepare(folder, `p${round}`);
      victims.push(victim);
      return victim;
    };
    // While one process works, the next one loads its program.
    let next = prepared(0);
    while (rounds < ROUNDS && performance.now() - began < TIME_MS) {
      const victim = next;
      await victim.said('loaded');
      // It opens the folder as the one before it left it, and checks what that one said.
      victim.process.stdin?.write([...unchecked, 'go\n'].join('\n'));
      next = prepared(rounds + 1);
      // Some die while they are about it, the others after they said something, and in the middle of the next.
      if (rounds % 5 !== 4) {
        await victim.said('intact');
        unchecked.splice(0);
        await victim.acknowledged(1 + Math.floor(Math.random() * 15));
      }
      await sleep(Math.random() * 20);
      victim.process.kill('SIGKILL');
      await victim.ended;
      rounds += 1;
      said.push(...victim.lines);
      unchecked.push(...victim.lines);
    }

    const content = await openFsContentStore(folder);
    const index = await openSqliteIndex(join(folder, 'berth.db'));
    onTestFinished(() => index.close());
    await readBack(replicaOf({ index, content }), said);
    // Else this has seen nothing.
    expect(said.filter((line) => line.startsWith('blob ')).length).toBeGreaterThan(rounds / 2);
    expect(said.some((line) => line.startsWith('manifest '))).toBe(true);

    // Acknowledged or not: what the index says is there is there, whole.
    const file = join(folder, 'berth.db');
    const blobs = askFile<{ digest: Digest; key: string }>(file, 'SELECT digest, key FROM blobs');
    for (const { digest, key } of blobs) {
      const bytes = await contentOf(content, key);
      expect(bytes && digestOf(bytes, algorithmOf(digest)), digest).toBe(digest);
    }
    expect(
      askFile(
        file,
        `SELECT 1 FROM tags LEFT JOIN manifests USING (repository_id, digest)
         LEFT JOIN manifest_bodies ON manifest_bodies.digest = tags.digest
         WHERE manifests.size IS NULL OR manifest_bodies.bytes IS NULL`,
      ),
    ).toEqual([]);

    // Every file is one that the index knows of, so that unfinished ones are removed in time.
    const known = new Set(
      askFile<{ key: string }>(
        file,
        'SELECT key FROM blobs UNION SELECT key FROM upload_parts UNION SELECT key FROM discarded_keys',
      ).map(({ key }) => key),
    );
    const entries = await readdir(join(folder, 'content'), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const keys = files.map(({ name }) => `content/${name.slice(0, 2)}/${name}`);
    expect(keys.filter((key) => !known.has(key))).toEqual([]);

    // Once the uploads of the dead have expired and their bytes were removed, only blobs are left.
    await replicaOf({ index, content }).uploads.expire(Number.MAX_SAFE_INTEGER);
    await removeDiscarded({ index, content });
    const left = await readdir(join(folder, 'content'), { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile())).toHaveLength(blobs.length);
    expect(rounds).toBeGreaterThanOrEqual(5);
  });
});
