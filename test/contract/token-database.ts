import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { TokenDatabase } from '../../src/auth/login/token-database.ts';

/** What every token database promises. Call it inside a `describe` that names the adapter. */
export function tokenDatabaseContract(open: () => TokenDatabase): void {
  it('finds a document where it was put, by account exactly', async () => {
    const database = open();
    for (const account of [randomUUID(), `${randomUUID()}@exämple.com/ü %2F..?#`]) {
      expect(await database.find(account)).toBeUndefined();
      const document = '{"labels":{"x":["ü\\u0000 \\" 😀"]}}';
      const version = await database.replace(account, document, undefined);
      expect(version).toBeDefined();
      expect(await database.find(account)).toEqual({ document, version });
      expect(await database.find(account.toUpperCase())).toBeUndefined();
      expect(await database.find(`${account} `)).toBeUndefined();
    }
  });

  it('replaces and removes for whoever knows the last version only', async () => {
    const database = open();
    const account = randomUUID();
    const first = (await database.replace(account, '{"n":1}', undefined)) ?? '';
    expect(await database.replace(account, '{"n":0}', undefined)).toBeUndefined();
    const second = (await database.replace(account, '{"n":2}', first)) ?? '';
    expect(second).not.toBe(first);
    expect(await database.replace(account, '{"n":0}', first)).toBeUndefined();
    expect(await database.remove(account, first)).toBe(false);
    expect((await database.find(account))?.document).toBe('{"n":2}');
    expect(await database.remove(account, second)).toBe(true);
    expect(await database.find(account)).toBeUndefined();
    expect(await database.replace(account, '{"n":0}', second)).toBeUndefined();
    expect(await database.remove(account, second)).toBe(false);
  });

  it('lets one of many at once be first', async () => {
    const databases = [open(), open()];
    const account = randomUUID();
    const first = await databases[0]?.replace(account, '{}', undefined);
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, n) => databases[n % 2]?.replace(account, `{"by":${n}}`, first)),
    );
    expect(results.filter((version) => version !== undefined)).toHaveLength(1);
  });
}
