import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { NewLogin } from '../../../src/index/logins.ts';
import type { SharedIndex } from './under-test.ts';

/** What is promised of logins that clients keep. */
export function loginContract(shared: SharedIndex): void {
  const page = { limit: 100 };
  const login = (changes: Partial<NewLogin> = {}): NewLogin => ({
    id: randomUUID(),
    secretHash: 'a'.repeat(64),
    provider: 'accounts',
    account: randomUUID(),
    version: 'v1',
    service: 'Docker registry',
    clientId: 'docker',
    labels: { team: ['a', 'b'] },
    isAdmin: true,
    createdAtMs: 1_000,
    usedAtMs: 1_000,
    expiresAtMs: 2_000,
    extendsMs: 1_000,
    ...changes,
  });
  const going = { endedAtMs: undefined, endedBy: undefined };

  it('are kept whole, also what is not there', async () => {
    const { logins } = shared.index;
    const full = login();
    const bare = login({
      version: undefined,
      extendsMs: undefined,
      labels: {},
      isAdmin: false,
      clientId: '',
    });
    await logins.add(full, 10);
    await logins.add(bare, 10);
    expect(await logins.find(full.id)).toEqual({ ...full, ...going });
    expect(await logins.find(bare.id)).toEqual({ ...bare, ...going });
    expect(await logins.find(randomUUID())).toBeUndefined();
  });

  it('are put off by use, those that say so, and never drawn nearer', async () => {
    const { logins } = shared.index;
    const [off, fixed] = [login(), login({ extendsMs: undefined })];
    await logins.add(off, 10);
    await logins.add(fixed, 10);
    await logins.touch([off, fixed].map(({ id }) => ({ id, atMs: 1_500 })));
    await logins.touch([
      { id: off.id, atMs: 1_200 },
      { id: randomUUID(), atMs: 1 },
    ]);
    expect(await logins.find(off.id)).toMatchObject({ usedAtMs: 1_500, expiresAtMs: 2_500 });
    expect(await logins.find(fixed.id)).toMatchObject({ usedAtMs: 1_500, expiresAtMs: 2_000 });
  });

  it('are listed the latest used first, in pages, without what is over', async () => {
    const { logins } = shared.index;
    const account = randomUUID();
    const made = [3, 1, 5, 5].map((at) => login({ account, usedAtMs: at }));
    for (const one of made) await logins.add(one, 10);
    await logins.add(login({ account, expiresAtMs: 10 }), 10);
    const all = await logins.list({ account }, 1_500, page);
    expect(all.map(({ usedAtMs }) => usedAtMs)).toEqual([5, 5, 3, 1]);
    const first = await logins.list({ account }, 1_500, { limit: 1 });
    const rest = await logins.list({ account }, 1_500, { limit: 100, after: first[0]?.id });
    expect([...first, ...rest]).toEqual(all);
    expect(await logins.list({ id: made[0]?.id }, 1_500, page)).toHaveLength(1);
    expect(await logins.list({ account }, 2_000, page)).toEqual([]);
  });

  it('end once, with the reason, and are known until they would have expired', async () => {
    const { logins } = shared.index;
    const [a, b] = [login(), login()];
    await logins.add(a, 10);
    await logins.add(b, 10);
    expect(await logins.end({ id: a.id }, 'lost', 1_300)).toBe(1);
    expect(await logins.end({ id: a.id }, 'again', 1_400)).toBe(0);
    expect(await logins.find(a.id)).toMatchObject({ endedAtMs: 1_300, endedBy: 'lost' });
    expect(await logins.list({ id: a.id }, 1_400, page)).toEqual([]);
    expect((await logins.find(b.id))?.endedAtMs).toBeUndefined();
    expect(await logins.end({ account: b.account }, 'lost', 1_300)).toBe(1);
    await logins.prune(2_000, 100);
    expect(await logins.find(a.id)).toBeDefined();
    await logins.prune(2_001, 100);
    expect(await logins.find(a.id)).toBeUndefined();
  });

  it('of an account that has too many, those not used for long end', async () => {
    const { logins } = shared.index;
    const account = randomUUID();
    const made = [10, 30, 20].map((usedAtMs) => login({ account, usedAtMs }));
    for (const one of made) await logins.add(one, 2);
    const left = await logins.list({ account }, 1_500, page);
    expect(left.map(({ usedAtMs }) => usedAtMs)).toEqual([30, 20]);
    expect((await logins.find(made[0]?.id ?? ''))?.endedBy).toMatch(/more than 2/);
  });

  it('end with the password of their account, and vanish with the account; those of others stay', async () => {
    const { index } = shared;
    const name = randomUUID();
    await index.accounts.create({ name, passwordHash: 'hash', isAdmin: false }, 1);
    const [own, foreign, other] = [
      login({ account: name }),
      login({ account: name, provider: 'users' }),
      login(),
    ];
    for (const one of [own, foreign, other]) await index.logins.add(one, 10);
    await index.accounts.setPassword(name, 'new', 1_700);
    expect(await index.logins.find(own.id)).toMatchObject({ endedAtMs: 1_700 });
    expect((await index.logins.find(foreign.id))?.endedAtMs).toBeUndefined();
    expect((await index.logins.find(other.id))?.endedAtMs).toBeUndefined();
    await index.accounts.remove(name, 1);
    expect(await index.logins.find(own.id)).toBeUndefined();
    expect(await index.logins.find(foreign.id)).toBeDefined();
  });
}
