import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { SharedIndex } from './under-test.ts';

/** What is kept of those who sign in with a browser. */
export function browserLoginContract(shared: SharedIndex): void {
  it('are found where they were put, by section and account', async () => {
    const { browserLogins: logins } = shared.index;
    const account = randomUUID();
    expect(await logins.find('a', account)).toBeUndefined();
    const version = await logins.replace('a', account, 'one', undefined);
    expect(await logins.find('a', account)).toEqual({ document: 'one', version });
    expect(await logins.find('b', account)).toBeUndefined();
    expect(await logins.find('a', account.toUpperCase())).toBeUndefined();
  });

  it('are replaced and removed by whoever knows the last version only', async () => {
    const { browserLogins: logins } = shared.index;
    const account = randomUUID();
    const first = (await logins.replace('a', account, 'one', undefined)) ?? 0;
    expect(await logins.replace('a', account, 'other', undefined)).toBeUndefined();
    const second = (await logins.replace('a', account, 'two', first)) ?? 0;
    expect(second).not.toBe(first);
    expect(await logins.replace('a', account, 'late', first)).toBeUndefined();
    expect(await logins.remove('a', account, first)).toBe(false);
    expect((await logins.find('a', account))?.document).toBe('two');
    expect(await logins.remove('a', account, second)).toBe(true);
    expect(await logins.find('a', account)).toBeUndefined();
    expect(await logins.replace('a', account, 'late', second)).toBeUndefined();
  });

  it('let one of many at once be first', async () => {
    const { browserLogins: logins } = shared.index;
    const account = randomUUID();
    const first = await logins.replace('a', account, 'one', undefined);
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, n) => logins.replace('a', account, `by ${n}`, first)),
    );
    expect(results.filter((version) => version !== undefined)).toHaveLength(1);
  });
}
