import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { SharedIndex } from './under-test.ts';

/** What is promised of work that is done once for all processes. */
export function leaseContract(shared: SharedIndex): void {
  const claim = (name: string, owner: string, nowMs: number, dueBeforeMs = nowMs) =>
    shared.index.leases.claim({ name, owner, nowMs, untilMs: nowMs + 100, dueBeforeMs });

  it('one takes it on, of all that try at once', async () => {
    const name = randomUUID();
    const owners = Array.from({ length: 8 }, () => randomUUID());
    const won = await Promise.all(owners.map((owner) => claim(name, owner, 1_000)));
    expect(won.filter(Boolean)).toHaveLength(1);
    const winner = owners[won.indexOf(true)];
    expect(await shared.index.leases.find(name)).toEqual({
      ...{ owner: winner, untilMs: 1_100, startedAtMs: 1_000, finishedAtMs: undefined, result: undefined },
    });
  });

  it('it is due again after a while, and at once where it failed', async () => {
    const name = randomUUID();
    const { leases } = shared.index;
    expect(await leases.find(name)).toBeUndefined();
    expect(await claim(name, 'a', 1_000)).toBe(true);
    await leases.release(name, 'a', 1_050, undefined);
    expect(await claim(name, 'b', 1_060, 500)).toBe(true);
    await leases.release(name, 'b', 1_070, 'done');
    expect(await claim(name, 'a', 2_000, 1_070)).toBe(false);
    expect(await claim(name, 'a', 2_000, 1_071)).toBe(true);
    expect(await leases.find(name)).toEqual({
      ...{ owner: 'a', untilMs: 2_100, startedAtMs: 2_000, finishedAtMs: 1_070, result: 'done' },
    });
  });

  it('a holder that is not heard of is followed by another, and cannot speak for it', async () => {
    const name = randomUUID();
    const { leases } = shared.index;
    await claim(name, 'dead', 1_000);
    expect(await claim(name, 'next', 1_099)).toBe(false);
    expect(await leases.renew(name, 'dead', 1_200)).toBe(true);
    expect(await claim(name, 'next', 1_150)).toBe(false);
    expect(await claim(name, 'next', 1_200)).toBe(true);
    expect(await leases.renew(name, 'dead', 9_000)).toBe(false);
    await leases.release(name, 'dead', 1_210, 'lies');
    expect(await leases.find(name)).toMatchObject({ owner: 'next', result: undefined });
  });
}
