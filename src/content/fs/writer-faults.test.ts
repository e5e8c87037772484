import type { MakeDirectoryOptions, PathLike } from 'node:fs';
import type * as FileSystem from 'node:fs/promises';
import { rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openFilesBelow } from '../../../test/support/open-files.ts';
import { contentOf, cut, noise } from '../../../test/support/pieces.ts';
import { testFolder } from '../../../test/support/test-folder.ts';
import type { ContentStore } from '../content-store.ts';
import { openFsContentStore } from './open.ts';

const MIB = 1024 * 1024;

type Call = 'mkdir' | 'open' | 'write' | 'datasync' | 'sync' | 'close';

/** Stands between the writer and the system. */
const system = vi.hoisted(() => ({
  calls: [] as { call: string; path: string }[],
  /** Asked before each call; what it throws is the call's failure. A number is how many bytes a write takes. */
  before: (_call: string, _path: string): Promise<number | undefined> => Promise.resolve(undefined),
}));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FileSystem>();
  const note = (call: Call, path: string): Promise<number | undefined> => {
    system.calls.push({ call, path });
    return system.before(call, path);
  };
  const watched = (file: FileSystem.FileHandle, path: string): FileSystem.FileHandle =>
    new Proxy(file, {
      get(target, name) {
        if (name === 'datasync' || name === 'sync' || name === 'close') {
          return async () => {
            await note(name, path);
            return target[name]();
          };
        }
        if (name === 'write') {
          return async (bytes: Uint8Array, offset: number, length: number, position: number) => {
            const most = (await note('write', path)) ?? length;
            return target.write(bytes, offset, Math.min(length, most), position);
          };
        }
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  return {
    ...real,
    async mkdir(path: PathLike, options: MakeDirectoryOptions) {
      await note('mkdir', String(path));
      return real.mkdir(path, options);
    },
    async open(path: PathLike, flags?: string | number, mode?: number) {
      await note('open', String(path));
      return watched(await real.open(path, flags, mode), String(path));
    },
  };
});

class SystemError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`${code}: made by the test`);
    this.code = code;
  }
}

/** Fails the nth call (from 1) of its kind on a path that ends so. */
function fail(call: Call, code: string, { nth = 1, forEver = false, path = '' } = {}): void {
  let count = 0;
  system.before = async (made, at) => {
    if (made !== call || !at.endsWith(path)) return undefined;
    count += 1;
    if (count === nth || (forEver && count > nth)) throw new SystemError(code);
    return undefined;
  };
}

let root: string;
let content: ContentStore;

beforeEach(async () => {
  root = await testFolder();
  system.before = () => Promise.resolve(undefined);
  content = await openFsContentStore(root);
  system.calls = [];
});

describe('a sync that fails', () => {
  it('at the end makes flush reject', async () => {
    fail('datasync', 'EIO');
    const writer = content.write(content.newKey());
    await writer.append(noise(10));
    await expect(writer.flush()).rejects.toMatchObject({ code: 'EIO' });
    await writer.close();
    expect(await openFilesBelow(root)).toEqual([]);
  });

  it('in the background makes flush reject, although the last sync succeeds', async () => {
    fail('datasync', 'EIO');
    const writer = content.write(content.newKey());
    for (const piece of cut(noise(34 * MIB), MIB)) await writer.append(piece);
    expect(system.calls.filter(({ call }) => call === 'datasync')).toHaveLength(1);
    // So long that the failure is known before the end.
    await sleep(50);
    await writer.append(noise(MIB));
    await expect(writer.flush()).rejects.toMatchObject({ code: 'EIO' });
    await expect(writer.flush()).rejects.toMatchObject({ code: 'EIO' });
    await writer.close();
    expect(await openFilesBelow(root)).toEqual([]);
  });

  it('late in the background makes flush reject', async () => {
    let isFirst = true;
    system.before = async (call) => {
      if (call !== 'datasync' || !isFirst) return undefined;
      isFirst = false;
      await sleep(100);
      throw new SystemError('EIO');
    };
    const writer = content.write(content.newKey());
    for (const piece of cut(noise(34 * MIB), MIB)) await writer.append(piece);
    await expect(writer.flush()).rejects.toMatchObject({ code: 'EIO' });
    await writer.close();
  });

  it('is not forgotten: a second flush rejects too', async () => {
    // The kernel may have dropped the pages; a sync that comes after succeeds without them.
    fail('datasync', 'EIO');
    const writer = content.write(content.newKey());
    await writer.append(noise(10));
    await expect(writer.flush()).rejects.toThrow();
    await expect(writer.flush()).rejects.toThrow();
    await writer.close();
  });

  it('of the folder makes flush reject', async () => {
    const writer = content.write(content.newKey());
    fail('sync', 'EIO', { path: basename(dirname(writer.key)) });
    await writer.append(noise(10));
    await expect(writer.flush()).rejects.toMatchObject({ code: 'EIO' });
    await writer.close();
  });

  it('of the folder above, whose entry is new, makes flush reject', async () => {
    const writer = content.write(content.newKey());
    fail('sync', 'EIO', { path: '/content' });
    await writer.append(noise(10));
    await expect(writer.flush()).rejects.toMatchObject({ code: 'EIO' });
    await writer.close();
  });
});

describe('a write that fails', () => {
  it('makes a later append or flush reject', async () => {
    fail('write', 'ENOSPC', { forEver: true });
    const writer = content.write(content.newKey());
    const all = (async () => {
      for (const piece of cut(noise(4 * MIB), MIB)) await writer.append(piece);
    })();
    await expect(all).rejects.toMatchObject({ code: 'ENOSPC' });
    await expect(writer.flush()).rejects.toMatchObject({ code: 'ENOSPC' });
    await writer.close();
    expect(await openFilesBelow(root)).toEqual([]);
  });

  it('makes flush reject where it was the last', async () => {
    fail('write', 'EDQUOT');
    const writer = content.write(content.newKey());
    await writer.append(noise(10));
    await expect(writer.flush()).rejects.toMatchObject({ code: 'EDQUOT' });
    await writer.close();
  });

  it('is not repaired by the writes after it', async () => {
    fail('write', 'EIO', { nth: 2 });
    const writer = content.write(content.newKey());
    const all = (async () => {
      for (const piece of cut(noise(4 * MIB), MIB)) await writer.append(piece);
      await writer.flush();
    })();
    await expect(all).rejects.toMatchObject({ code: 'EIO' });
    await expect(writer.flush()).rejects.toThrow();
    await writer.close();
  });

  it('half way shows the error behind it', async () => {
    let writes = 0;
    system.before = async (call) => {
      if (call !== 'write') return undefined;
      writes += 1;
      if (writes === 1) return 1_000;
      throw new SystemError('ENOSPC');
    };
    const writer = content.write(content.newKey());
    await writer.append(noise(10_000));
    await expect(writer.flush()).rejects.toMatchObject({ code: 'ENOSPC' });
    await writer.close();
  });
});

describe('a file that cannot be opened', () => {
  it('makes append reject', async () => {
    fail('open', 'EMFILE');
    const writer = content.write(content.newKey());
    await expect(writer.append(noise(MIB))).rejects.toMatchObject({ code: 'EMFILE' });
    await writer.close();
  });

  it('is an error where its folder cannot be made', async () => {
    fail('mkdir', 'ENOSPC');
    const writer = content.write(content.newKey());
    await writer.append(noise(10));
    await expect(writer.flush()).rejects.toMatchObject({ code: 'ENOSPC' });
    await writer.close();
    expect(await openFilesBelow(root)).toEqual([]);
  });
});

describe('a write that takes less than it was given', () => {
  it('goes on until everything is there', async () => {
    let writes = 0;
    system.before = async (call) => {
      if (call !== 'write') return undefined;
      writes += 1;
      return 60_001;
    };
    const bytes = noise(2 * MIB + 7);
    const writer = content.write(content.newKey());
    for (const piece of cut(bytes, 10_000)) await writer.append(piece);
    await writer.flush();
    await writer.close();
    expect(writes).toBeGreaterThan(30);
    expect((await contentOf(content, writer.key))?.equals(bytes)).toBe(true);
  });
});

describe('flush', () => {
  const order = (): string[] =>
    system.calls.map(({ call, path }) => `${call} ${path.slice(root.length + 1)}`);

  it('returns after the file, its folder and a new folder’s own entry were synced, in this order', async () => {
    const writer = content.write(content.newKey());
    await writer.append(noise(10));
    await writer.flush();
    const folder = dirname(writer.key);
    const calls = order();
    expect(calls.indexOf('sync content')).toBeGreaterThan(calls.indexOf(`mkdir ${folder}`));
    expect(calls.indexOf(`datasync ${writer.key}`)).toBeGreaterThan(calls.lastIndexOf(`write ${writer.key}`));
    expect(calls.indexOf(`sync ${folder}`)).toBeGreaterThan(calls.indexOf(`open ${writer.key}`));
    await writer.close();
  });

  it('syncs again what came after the last one', async () => {
    const writer = content.write(content.newKey());
    for (let round = 0; round < 3; round += 1) {
      await writer.append(noise(10));
      await writer.flush();
      const calls = order();
      expect(calls.lastIndexOf(`datasync ${writer.key}`)).toBeGreaterThan(
        calls.lastIndexOf(`write ${writer.key}`),
      );
    }
    await writer.close();
  });

  it('waits for the sync of a new folder that another writer has begun', async () => {
    const [first, second] = await inOneNewFolder();
    const held = Promise.withResolvers<undefined>();
    const reached = Promise.withResolvers<void>();
    let isSynced = false;
    system.before = async (call, path) => {
      if (call !== 'sync' || !path.endsWith('/content')) return undefined;
      reached.resolve();
      await held.promise;
      isSynced = true;
      return undefined;
    };
    await first.append(noise(10));
    await second.append(noise(10));
    const firstFlush = first.flush();
    await reached.promise;
    const secondFlush = second.flush().then(() => isSynced);
    // Long enough for the second to be through, if it does not wait.
    await sleep(100);
    held.resolve(undefined);
    await firstFlush;
    expect(await secondFlush).toBe(true);
    await Promise.all([first.close(), second.close()]);
  });

  it('syncs the entry of a folder that a process made which died before its sync', async () => {
    const [first, second] = await inOneNewFolder();
    fail('sync', 'EIO', { path: '/content' });
    await first.append(noise(10));
    await expect(first.flush()).rejects.toThrow();
    await first.close();
    // Another process begins here, with nothing but the folder that is there and may not be durable.
    system.calls = [];
    system.before = () => Promise.resolve(undefined);
    const other = await openFsContentStore(root);
    const writer = other.write(second.key);
    await writer.append(noise(10));
    await writer.flush();
    await writer.close();
    expect(order()).toContain('sync content');
  });

  /** Two writers whose files share a folder that is not there yet. */
  async function inOneNewFolder() {
    const seen = new Map<string, string>();
    for (;;) {
      const key = content.newKey();
      const other = seen.get(dirname(key));
      if (other !== undefined) {
        await rm(join(root, dirname(key)), { recursive: true, force: true });
        await expect(stat(join(root, dirname(key)))).rejects.toThrow();
        return [content.write(other), content.write(key)] as const;
      }
      seen.set(dirname(key), key);
    }
  }
});

describe('a removal', () => {
  const written = async (): Promise<string> => {
    const writer = content.write(content.newKey());
    await writer.append(noise(10));
    await writer.flush();
    await writer.close();
    return writer.key;
  };

  it('is durable when it is over: its folder is synced after the file is gone', async () => {
    const key = await written();
    let isGone: boolean | undefined;
    system.before = async (call, path) => {
      if (call !== 'sync' || path !== join(root, dirname(key))) return undefined;
      isGone = await stat(join(root, key)).then(
        () => false,
        () => true,
      );
      return undefined;
    };
    await content.remove(key);
    expect(isGone).toBe(true);
  });

  it('rejects where that sync fails, and may be tried again', async () => {
    const key = await written();
    fail('sync', 'EIO', { path: basename(dirname(key)) });
    await expect(content.remove(key)).rejects.toMatchObject({ code: 'EIO' });
    await content.remove(key);
    expect(await openFilesBelow(root)).toEqual([]);
  });

  it('where there is not even a folder is no error', async () => {
    await content.remove(content.newKey());
  });

  it('shares a sync with others of its folder that are asked for before it begins', async () => {
    const keys = await Promise.all(Array.from({ length: 600 }, written));
    system.calls = [];
    await Promise.all(keys.map((key) => content.remove(key)));
    const folders = new Set(keys.map((key) => dirname(key)));
    const syncs = system.calls.filter(({ call }) => call === 'sync');
    expect(new Set(syncs.map(({ path }) => path.slice(root.length + 1)))).toEqual(folders);
    expect(syncs.length).toBeLessThan(600);
  });
});

describe('opening the store', () => {
  it('syncs the data folder, whose entry for the content is new', async () => {
    const fresh = join(root, 'fresh');
    system.calls = [];
    await openFsContentStore(fresh);
    expect(system.calls).toContainEqual({ call: 'sync', path: fresh });
  });
});
