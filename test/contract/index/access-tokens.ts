import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { NewAccessToken } from '../../../src/index/access-tokens.ts';
import type { SharedIndex } from './under-test.ts';

/** Personal access tokens and the secrets of robots. */
export function accessTokenContract(shared: SharedIndex): void {
  const newAccount = async (): Promise<string> => {
    const name = randomUUID();
    await shared.index.accounts.create({ name, passwordHash: 'x', isAdmin: false }, 1);
    return name;
  };
  const tokenOf = (account: string, name: string, more: Partial<NewAccessToken> = {}): NewAccessToken => ({
    ...{ id: randomUUID(), account, name, hash: randomUUID(), limits: undefined },
    ...{ createdAtMs: 10, expiresAtMs: undefined },
    ...more,
  });
  const shown = ({ hash: _, ...token }: NewAccessToken) => ({ ...token, usedAtMs: undefined });

  it('are found by their hash, with the account as it stands', async () => {
    const { accessTokens, accounts } = shared.index;
    const account = await newAccount();
    const limits = [{ pattern: 'team/**', actions: ['pull', 'push'] }];
    const token = tokenOf(account, 'ci', { limits, expiresAtMs: 99 });
    expect(await accessTokens.create(token)).toBe('done');
    expect(await accessTokens.findByHash(token.hash)).toEqual({
      token: shown(token),
      account: await accounts.find(account),
    });
    await accounts.setDisabled(account, true, 5);
    expect(await accessTokens.findByHash(token.hash)).toMatchObject({ account: { isDisabled: true } });
    expect(await accessTokens.findByHash(randomUUID())).toBeUndefined();
  });

  it('have names of their own within the account, which has to be there', async () => {
    const { accessTokens } = shared.index;
    const [one, other] = [await newAccount(), await newAccount()];
    const first = tokenOf(one, 'ci');
    expect(await accessTokens.create(first)).toBe('done');
    expect(await accessTokens.create(tokenOf(one, 'ci'))).toBe('exists');
    expect(await accessTokens.create(tokenOf(other, 'ci'))).toBe('done');
    expect(await accessTokens.create(tokenOf(randomUUID(), 'ci'))).toBe('unknown');
    const second = tokenOf(one, 'a', { createdAtMs: 11 });
    await accessTokens.create(second);
    expect(await accessTokens.list(one)).toEqual([shown(first), shown(second)]);
  });

  it('end when they are revoked, with what was issued for them', async () => {
    const { accessTokens, revocations } = shared.index;
    const account = await newAccount();
    const [token, other] = [tokenOf(account, 'ci'), tokenOf(account, 'other')];
    await accessTokens.create(token);
    await accessTokens.create(other);
    const before = await revocations.generation();
    expect(await accessTokens.revoke(account, 'never', 20)).toBe(false);
    expect(await accessTokens.revoke(account, 'ci', 20)).toBe(true);
    expect(await accessTokens.revoke(account, 'ci', 20)).toBe(false);
    expect(await accessTokens.findByHash(token.hash)).toBeUndefined();
    expect(await accessTokens.findByHash(other.hash)).toBeDefined();
    expect(await revocations.since(before)).toEqual([
      { kind: 'grant', name: token.id, generation: before + 1 },
    ]);
  });

  it('go with their account, and do not come back with another of its name', async () => {
    const { accessTokens, accounts } = shared.index;
    const account = await newAccount();
    const token = tokenOf(account, 'ci');
    await accessTokens.create(token);
    await accounts.remove(account, 20);
    expect(await accessTokens.findByHash(token.hash)).toBeUndefined();
    await accounts.create({ name: account, passwordHash: 'y', isAdmin: true }, 30);
    expect(await accessTokens.findByHash(token.hash)).toBeUndefined();
    expect(await accessTokens.list(account)).toEqual([]);
  });

  it('rotated, the old ones end after the overlap, and at once those whose time is over', async () => {
    const { accessTokens, revocations } = shared.index;
    const account = await newAccount();
    const first = tokenOf(account, 'a');
    const short = tokenOf(account, 'b', { expiresAtMs: 150 });
    const over = tokenOf(account, 'c', { expiresAtMs: 90 });
    for (const token of [first, short, over]) await accessTokens.create(token);
    const next = tokenOf(account, 'd', { createdAtMs: 100 });
    expect(await accessTokens.rotate(next, 200)).toBe('done');
    expect(await accessTokens.list(account)).toEqual([
      { ...shown(first), expiresAtMs: 200 },
      shown(short),
      shown(next),
    ]);
    const before = await revocations.generation();
    const last = tokenOf(account, 'e', { createdAtMs: 110 });
    expect(await accessTokens.rotate(tokenOf(account, 'd', { createdAtMs: 110 }), 110)).toBe('exists');
    expect(await accessTokens.list(account)).toHaveLength(3);
    expect(await accessTokens.rotate(last, 110)).toBe('done');
    expect(await accessTokens.list(account)).toEqual([shown(last)]);
    expect((await revocations.since(before)).map(({ name }) => name).toSorted()).toEqual(
      [first.id, short.id, next.id].toSorted(),
    );
  });
}
