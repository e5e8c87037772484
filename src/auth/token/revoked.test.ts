import { describe, expect, test } from 'vitest';
import { StoppedClock } from '../../../test/support/clock.ts';
import type { Revocation, RevocationIndex, RevocationKind } from '../../index/revocations.ts';
import { Revoked } from './revoked.ts';

const DAY_MS = 24 * 3_600_000;

class MemoryRevocations implements RevocationIndex {
  count = 0;
  kept: (Revocation & { atMs: number })[] = [];
  questions = 0;

  async generation() {
    return this.count;
  }

  async since(generation: number) {
    this.questions += 1;
    return this.kept.filter((one) => one.generation > generation);
  }

  async revoke(kind: RevocationKind, name: string, atMs: number) {
    this.count += 1;
    this.kept = this.kept.filter((one) => one.kind !== kind || one.name !== name);
    this.kept.push({ kind, name, generation: this.count, atMs });
  }

  async prune(beforeMs: number) {
    const before = this.kept.length;
    this.kept = this.kept.filter(({ atMs }) => atMs >= beforeMs);
    return before - this.kept.length;
  }
}

function stage() {
  const clock = new StoppedClock();
  const index = new MemoryRevocations();
  const revoked = new Revoked({ index, clock, lifetimeMs: 900_000 });
  const token = (subject: string, generation: number, grant?: string) => ({ subject, generation, grant });
  return { clock, index, revoked, token };
}

describe('revoked tokens', () => {
  test('of an account are those from before, not those from after', async () => {
    const { clock, index, revoked, token } = stage();
    expect(await revoked.isRevoked(token('bob', 0))).toBe(false);
    await index.revoke('account', 'bob', clock.now());
    expect(await revoked.isRevoked(token('bob', 0))).toBe(true);
    expect(await revoked.isRevoked(token('bob', 1))).toBe(false);
    expect(await revoked.isRevoked(token('eve', 0))).toBe(false);
    expect(await revoked.isRevoked(token('', 0))).toBe(false);
    await index.revoke('account', 'bob', clock.now());
    expect(await revoked.isRevoked(token('bob', 1))).toBe(true);
  });

  test('of a grant are those that come from it, and no account of that name', async () => {
    const { clock, index, revoked, token } = stage();
    await index.revoke('grant', 'bob', clock.now());
    expect(await revoked.isRevoked(token('eve', 0, 'bob'))).toBe(true);
    expect(await revoked.isRevoked(token('eve', 0, 'other'))).toBe(false);
    expect(await revoked.isRevoked(token('bob', 0))).toBe(false);
  });

  test('cost one number as long as nothing is revoked', async () => {
    const { clock, index, revoked, token } = stage();
    await index.revoke('account', 'bob', clock.now());
    for (let times = 0; times < 10; times += 1) await revoked.isRevoked(token('bob', 0));
    expect(index.questions).toBe(1);
  });

  test('are forgotten when nothing that they are about can be valid, and asked for once then', async () => {
    const { clock, index, revoked, token } = stage();
    await index.revoke('account', 'bob', clock.now());
    expect(await revoked.isRevoked(token('bob', 0))).toBe(true);
    clock.advance(8 * DAY_MS);
    await index.revoke('account', 'eve', clock.now());
    expect(await revoked.isRevoked(token('eve', 0))).toBe(true);
    expect(index.kept.map(({ name }) => name)).toEqual(['eve']);
    clock.advance(8 * DAY_MS);
    await index.prune(clock.now());
    const restarted = new Revoked({ index, clock, lifetimeMs: 1 });
    const before = index.questions;
    for (let times = 0; times < 5; times += 1) {
      expect(await restarted.isRevoked(token('eve', 1))).toBe(false);
    }
    expect(index.questions - before).toBe(1);
  });

  test('are not lost where several requests read at once', async () => {
    const { clock, index, revoked, token } = stage();
    for (let round = 0; round < 50; round += 1) {
      clock.advance(1_900_000);
      const name = `a${round}`;
      const asked = Array.from({ length: 8 }, () => revoked.isRevoked(token('nobody', 0)));
      await index.revoke('account', name, clock.now());
      const after = await Promise.all(Array.from({ length: 8 }, () => revoked.isRevoked(token(name, round))));
      await Promise.all(asked);
      expect(after).toEqual(Array(8).fill(true));
      expect(await revoked.isRevoked(token(name, round))).toBe(true);
    }
  });

  test('an index that cannot answer lets nobody in', async () => {
    const { index, revoked, token } = stage();
    index.generation = () => Promise.reject(new Error('gone'));
    await expect(revoked.isRevoked(token('bob', 0))).rejects.toThrow('gone');
  });
});
