import type { ChildProcess } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newDigest, newRepository, putBlob } from '../../../test/support/index-values.ts';
import { openFilesBelow } from '../../../test/support/open-files.ts';
import { runOnSmallDisk, startScript, whyNoMounts } from '../../../test/support/scripts.ts';
import { askFile } from '../../../test/support/sqlite-index.ts';
import { testFolder } from '../../../test/support/test-folder.ts';
import type { Index } from '../index.ts';
import { openReader, openWriter } from './connection.ts';
import { MIGRATIONS } from './migrations.ts';
import { openSqliteIndex } from './open.ts';

async function testFile(): Promise<string> {
  return join(await testFolder(), 'berth.db');
}

async function opened(file: string): Promise<Index> {
  const index = await openSqliteIndex(file);
  onTestFinished(() => index.close());
  return index;
}

/** Starts processes on one file, lets them loose at the same time and waits for their last words. */
async function race(file: string, counts: Readonly<Record<string, number>>): Promise<string[]> {
  const children = Object.entries(counts).map(([name, count]) =>
    startScript('index-child.ts', [file, name, String(count)]),
  );
  onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  const outputs = children.map((child) => lastWords(child));
  await Promise.all(children.map((child) => new Promise((resolve) => child.stdout?.once('data', resolve))));
  for (const child of children) child.stdin?.write('go\n');
  return Promise.all(outputs);
}

function lastWords(child: ChildProcess): Promise<string> {
  let output = '';
  child.stdout?.on('data', (data: Buffer) => {
    output += data.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      if (code === 0) resolve(output.trim().split('\n').at(-1) ?? '');
      else reject(new Error(`a process on the index ended with ${code}: ${output}`));
    });
  });
}

describe('several processes on one file', () => {
  it('lose nothing of what each writes, and make one signing key, on a file that none has opened before', async () => {
    const file = await testFile();
    const keys = await race(file, { p: 200, q: 200, r: 0, s: 0 });
    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(1);
    const index = await opened(file);
    const accounts = new Set(
      (await index.accounts.list({ after: undefined, limit: 1_000 })).map(({ name }) => name),
    );
    for (const name of ['p', 'q']) {
      for (let number = 0; number < 200; number += 1) expect(accounts).toContain(`${name}-${number}`);
    }
    expect(accounts.size).toBe(400);
    expect(await index.signingKeys.list()).toHaveLength(1);
    expect(askFile(file, 'SELECT digest FROM blobs')).toHaveLength(20);
    expect(askFile(file, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  });

  it('write while this one writes', async () => {
    const file = await testFile();
    const index = await opened(file);
    const repository = newRepository();
    const digests = Array.from({ length: 150 }, newDigest);
    const mine = (async () => {
      for (const digest of digests) await putBlob(index, repository, digest);
    })();
    await Promise.all([mine, race(file, { other: 200 })]);
    expect(await index.accounts.list({ after: undefined, limit: 1_000 })).toHaveLength(200);
    for (const digest of digests) expect(await index.blobs.find(repository, digest)).toBeDefined();
  });
});

describe('a file that is not there yet', () => {
  it('may be made by several at once', async () => {
    for (let round = 0; round < 2; round += 1) {
      const file = await testFile();
      const all = await Promise.all(Array.from({ length: 6 }, () => openSqliteIndex(file)));
      const digest = newDigest();
      const repository = newRepository();
      for (const index of all) await putBlob(index, repository, digest);
      for (const index of all) expect(await index.blobs.find(repository, digest)).toBeDefined();
      await Promise.all(all.map((index) => index.close()));
    }
  });
});

describe('a file of a later version', () => {
  it.each(['wal', 'delete'])('is refused in words and left as it was (journal mode %s)', async (mode) => {
    const file = await testFile();
    await (await openSqliteIndex(file)).close();
    const db = new Database(file);
    db.pragma(`journal_mode = ${mode}`);
    db.exec('CREATE TABLE from_the_future (x)');
    db.pragma(`user_version = ${MIGRATIONS.length + 1}`);
    db.close();
    const before = await readFile(file);
    const refusal = openSqliteIndex(file);
    await expect(refusal).rejects.toThrow(/later version of Berth/);
    await expect(refusal).rejects.toThrow(file);
    expect((await readFile(file)).equals(before)).toBe(true);
    expect(await readdir(join(file, '..'))).toEqual(['berth.db']);
    expect(await openFilesBelow(join(file, '..'))).toEqual([]);
  });
});

describe('a file that is no index', () => {
  it.each([
    ['text', Buffer.from('this is not a database\n'.repeat(500))],
    [
      'noise with SQLite’s first words',
      Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(8_000, 7)]),
    ],
  ])('is refused and left as it was: %s', async (_name, bytes) => {
    const file = await testFile();
    await writeFile(file, bytes);
    await expect(openSqliteIndex(file)).rejects.toMatchObject({ name: 'IndexFault', code: 'SQLITE_NOTADB' });
    expect((await readFile(file)).equals(bytes)).toBe(true);
    expect(await readdir(join(file, '..'))).toEqual(['berth.db']);
    expect(await openFilesBelow(join(file, '..'))).toEqual([]);
  });

  it('is refused where it is a folder, or its folder is not there', async () => {
    const folder = await testFolder();
    await mkdir(join(folder, 'berth.db'));
    const fault = { name: 'IndexFault', code: 'SQLITE_CANTOPEN' };
    await expect(openSqliteIndex(join(folder, 'berth.db'))).rejects.toMatchObject(fault);
    await expect(openSqliteIndex(join(folder, 'missing', 'berth.db'))).rejects.toThrow();
  });
});

describe('the file', () => {
  it('is left alone, without helpers, once the index is closed', async () => {
    const file = await testFile();
    const index = await openSqliteIndex(file);
    await putBlob(index, newRepository(), newDigest());
    await index.close();
    expect(await readdir(join(file, '..'))).toEqual(['berth.db']);
    expect(await openFilesBelow(join(file, '..'))).toEqual([]);
  });

  it('has everything acknowledged in it and its log, at any time', async () => {
    const file = await testFile();
    const index = await opened(file);
    const repository = newRepository();
    const digests: ReturnType<typeof newDigest>[] = [];
    for (let count = 0; count < 20; count += 1) {
      const digest = newDigest();
      await putBlob(index, repository, digest);
      digests.push(digest);
    }
    // What a process that is killed here would leave behind.
    const copy = await testFile();
    await copyFile(file, copy);
    await copyFile(`${file}-wal`, `${copy}-wal`);
    const recovered = await opened(copy);
    for (const digest of digests) expect(await recovered.blobs.find(repository, digest)).toBeDefined();
  });

  it('is written with full syncs, and by the writer alone', async () => {
    const file = await testFile();
    const writer = openWriter(file);
    const reader = openReader(file);
    onTestFinished(() => {
      reader.close();
      writer.close();
    });
    expect(writer.pragma('synchronous', { simple: true })).toBe(2);
    expect(writer.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(() => reader.exec("DELETE FROM accounts WHERE name = 'x'")).toThrow(/readonly/);
  });

  it('is brought up to date once', async () => {
    const file = await testFile();
    openWriter(file).close();
    const db = openWriter(file);
    onTestFinished(() => {
      db.close();
    });
    expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
  });
});

describe('a file of an earlier version', () => {
  it('is brought up to date: blobs that are there count as new for garbage collection', async () => {
    const file = await testFile();
    const db = new Database(file);
    db.exec(MIGRATIONS[0] ?? '');
    db.exec("INSERT INTO repositories (name) VALUES ('old'); INSERT INTO blob_links VALUES (1, 'sha256:x')");
    db.pragma('user_version = 1');
    db.pragma('application_id = 0x42727468');
    const before = Date.now();
    const index = await opened(file);
    const linkedAt = (): number[] =>
      askFile<{ linked_at: number }>(file, 'SELECT linked_at FROM blob_links').map((row) => row.linked_at);
    expect(linkedAt()).toEqual([expect.toSatisfy((at: number) => at >= before && at <= Date.now())]);
    // An older program that still runs writes what it knows.
    db.exec("INSERT INTO blob_links (repository_id, digest) VALUES (1, 'sha256:y') ON CONFLICT DO NOTHING");
    db.close();
    expect(linkedAt().every((at) => at >= before)).toBe(true);
    const repository = (await index.garbage.repositories({ after: undefined, limit: 1 }))[0];
    expect(repository).toBe('old');
  });
});

describe('a full disk', () => {
  const reason = whyNoMounts();

  it('refuses what does not fit, keeps what was acknowledged, and is over once there is space', async ({
    skip,
  }) => {
    skip(reason !== undefined, reason ?? '');
    const found = JSON.parse(
      await runOnSmallDisk('full-index-child.ts', { sizeBytes: 12_000_000 }),
    ) as unknown;
    expect(found).toEqual({
      codes: ['SQLITE_FULL'],
      isSomeStoredBefore: true,
      isSomeRefusedWhileFull: true,
      afterwards: 2,
      lost: 0,
      lostAfterReopening: 0,
    });
  });
});
