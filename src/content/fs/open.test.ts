import { mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contentStoreContract } from '../../../test/contract/content-store.ts';
import { newFolder, removeFolder } from '../../../test/support/folders.ts';
import { openFilesBelow } from '../../../test/support/open-files.ts';
import { contentOf, drain, noise, store } from '../../../test/support/pieces.ts';
import { runOnSmallDisk, runScript, whyNoMounts } from '../../../test/support/scripts.ts';
import { testFolder } from '../../../test/support/test-folder.ts';
import { pathOf } from './layout.ts';
import { openFsContentStore } from './open.ts';

const MIB = 1024 * 1024;
const HEX = 'ab0123456789abcdef0123456789abcd';

/** Texts that lead out of the data folder, or to something in it that is no content. */
const FOREIGN_KEYS = [
  '',
  '/etc/passwd',
  '../outside',
  `content/ab/../../outside`,
  `content/ab/${HEX}/../../../outside`,
  `content/ab/${HEX}/`,
  `content/ab/${HEX}\n`,
  `content/ab/${HEX}\0`,
  `content/cd/${HEX}`,
  `content/AB/${HEX.toUpperCase()}`,
  `../content/ab/${HEX}`,
  `/content/ab/${HEX}`,
  'berth.db',
  'docker/registry/v2/repositories/app/_layers/sha256/ab/link',
  `docker/registry/v2/blobs/sha256/ab/${HEX.repeat(2)}`,
  `docker/registry/v2/blobs/sha256/cd/${HEX.repeat(2)}/data`,
  `docker/registry/v2/blobs/sha256/ab/${HEX.repeat(2)}/../../data`,
  `docker/registry/v2/blobs/sha512/ab/${HEX.repeat(2)}/data`,
  `/docker/registry/v2/blobs/sha256/ab/${HEX.repeat(2)}/data`,
];

describe('the content store on the file system', () => {
  contentStoreContract(async () => {
    const folder = await newFolder();
    return {
      store: await openFsContentStore(folder),
      again: () => openFsContentStore(folder),
      openHandles: () => openFilesBelow(folder),
      foreignKeys: FOREIGN_KEYS,
      remove: () => removeFolder(folder),
    };
  });
});

describe('what registry:2 wrote', () => {
  const key = `docker/registry/v2/blobs/sha256/ab/${HEX.repeat(2)}/data`;

  it('is read and removed by its path, and never written', async () => {
    const root = await testFolder();
    const content = await openFsContentStore(root);
    await mkdir(join(root, key, '..'), { recursive: true });
    expect(() => content.write(key)).toThrow('not a new one');
    await writeFile(join(root, key), 'old');
    expect(await contentOf(content, key)).toEqual(Buffer.from('old'));
    expect(await content.sizeBytes(key)).toBe(3);
    await content.remove(key);
    expect(await content.sizeBytes(key)).toBeUndefined();
  });

  it('is not followed where it is a link', async () => {
    const root = await testFolder();
    const content = await openFsContentStore(root);
    await mkdir(join(root, key, '..'), { recursive: true });
    await writeFile(join(root, 'secret'), 'secret');
    await symlink(join(root, 'secret'), join(root, key));
    await expect(content.read(key)).rejects.toThrow('ELOOP');
  });
});

describe('the folder', () => {
  it('is made where there is none', async () => {
    const root = join(await testFolder(), 'not', 'yet');
    const content = await openFsContentStore(root);
    const key = await store(content, Buffer.from('x'));
    expect(await readFile(join(root, key), 'utf8')).toBe('x');
  });

  it('lets nobody else read the bytes', async () => {
    const root = join(await testFolder(), 'data');
    const content = await openFsContentStore(root);
    const key = await store(content, Buffer.from('x'));
    for (const path of ['content', key.slice(0, key.lastIndexOf('/')), key]) {
      expect((await stat(join(root, path))).mode & 0o027, path).toBe(0);
    }
  });

  it('spreads the objects over folders of two digits', async () => {
    const root = await testFolder();
    const content = await openFsContentStore(root);
    const keys = await Promise.all(Array.from({ length: 20 }, () => store(content, Buffer.from('x'))));
    for (const key of keys) expect(key).toMatch(/^content\/([a-f0-9]{2})\/\1[a-f0-9]{30}$/);
    const folders = await readdir(join(root, 'content'));
    expect(folders.every((name) => /^[a-f0-9]{2}$/.test(name))).toBe(true);
  });

  it('lists objects, and passes over what is none', async () => {
    const root = await testFolder();
    const content = await openFsContentStore(root);
    const key = await store(content, Buffer.from('x'));
    await writeFile(join(root, 'content', 'README'), '');
    await writeFile(join(root, `${key}.tmp`), '');
    await mkdir(join(root, 'content', 'zz'));
    await writeFile(join(root, 'content', 'zz', HEX), '');
    const keys: string[] = [];
    for await (const some of content.keys()) keys.push(...some);
    expect(keys).toEqual([key]);
  });

  it('is refused where a file is in its place', async () => {
    const root = await testFolder();
    await writeFile(join(root, 'content'), '');
    await expect(openFsContentStore(root)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(openFsContentStore(join(root, 'content'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it('keeps what lies beside it when a key leads there', async () => {
    const root = join(await testFolder(), 'data');
    const content = await openFsContentStore(root);
    const outside = join(root, '..', 'outside');
    await writeFile(outside, 'keep me');
    for (const key of FOREIGN_KEYS) {
      await (async () => content.remove(key))().catch(() => undefined);
      expect(() => pathOf(root, key), key).toThrow(/key/);
    }
    expect(await readFile(outside, 'utf8')).toBe('keep me');
  });

  it('that may not be written is an error at once, and at the next write and ping', async () => {
    const root = await testFolder();
    const found = JSON.parse(await runScript('unwritable-child.ts', [root])) as Record<string, string>;
    expect(found).toEqual({
      open: 'EACCES',
      append: 'EACCES',
      flush: 'EACCES',
      ping: 'EACCES',
      read: 'here',
    });
  });
});

describe('reading a file', () => {
  it('goes on to the end after the key was removed', async () => {
    const content = await openFsContentStore(await testFolder());
    const bytes = noise(6 * MIB);
    const key = await store(content, bytes);
    const stream = await content.read(key);
    const first = Buffer.from((await stream?.next()) ?? []);
    await content.remove(key);
    expect(stream && Buffer.concat([first, await drain(stream)]).equals(bytes)).toBe(true);
  });

  it('rejects where the file was cut while it was read', async () => {
    const root = await testFolder();
    const content = await openFsContentStore(root);
    const key = await store(content, noise(8 * MIB));
    const stream = await content.read(key);
    await stream?.next();
    await truncate(join(root, key), 3 * MIB);
    await expect(stream && drain(stream)).rejects.toThrow(/shorter/);
    expect(await openFilesBelow(root)).toEqual([]);
  });

  it('rejects for a folder in the place of the file, and lets go of it', async () => {
    const root = await testFolder();
    const content = await openFsContentStore(root);
    const key = content.newKey();
    await mkdir(join(root, key), { recursive: true });
    await expect(contentOf(content, key, { first: 0, last: 9 })).rejects.toMatchObject({ code: 'EISDIR' });
    expect(await openFilesBelow(root)).toEqual([]);
  });

  it('takes smaller pieces while many are open, and large ones afterwards', async () => {
    const content = await openFsContentStore(await testFolder());
    const key = await store(content, noise(2 * MIB));
    const first = await content.read(key);
    expect((await first?.next())?.byteLength).toBe(1 * MIB);
    const others = await Promise.all(Array.from({ length: 300 }, () => content.read(key)));
    const last = await content.read(key);
    expect((await last?.next())?.byteLength).toBe(64 * 1024);
    for (const stream of [first, last, ...others]) {
      await stream?.close();
      await stream?.close();
    }
    const after = await content.read(key);
    expect((await after?.next())?.byteLength).toBe(1 * MIB);
    await after?.close();
  });
});

describe('a full disk', () => {
  const reason = whyNoMounts();

  it('fails the write, keeps what was there, and is over once there is space', async ({ skip }) => {
    skip(reason !== undefined, reason ?? '');
    const found = JSON.parse(await runOnSmallDisk('full-disk-child.ts', { sizeBytes: 4 * MIB })) as unknown;
    expect(found).toEqual({
      failure: 'ENOSPC',
      again: 'ENOSPC',
      earlier: 'intact',
      openFiles: 0,
      afterwards: 'written',
    });
  });
});
