import { expect, it } from 'vitest';
import type { SharedIndex } from './under-test.ts';

/** What was issued and is void before its time. */
export function revocationContract(shared: SharedIndex): void {
  it('are counted, and told from any number on', async () => {
    const { revocations } = (await shared.openEmpty()).index;
    expect(await revocations.generation()).toBe(0);
    expect(await revocations.since(0)).toEqual([]);
    await revocations.revoke('account', 'bob', 1);
    await revocations.revoke('grant', 'bob', 2);
    await revocations.revoke('account', 'eve', 3);
    expect(await revocations.generation()).toBe(3);
    const [bob, grant, eve] = [
      { kind: 'account', name: 'bob', generation: 1 },
      { kind: 'grant', name: 'bob', generation: 2 },
      { kind: 'account', name: 'eve', generation: 3 },
    ];
    expect(await revocations.since(0)).toEqual([bob, grant, eve]);
    expect(await revocations.since(2)).toEqual([eve]);
    expect(await revocations.since(3)).toEqual([]);
    await revocations.revoke('account', 'bob', 4);
    expect(await revocations.since(0)).toEqual([grant, eve, { ...bob, generation: 4 }]);
  });

  it('are forgotten after a time, and their numbers never come again', async () => {
    const { revocations } = (await shared.openEmpty()).index;
    await revocations.revoke('account', 'bob', 10);
    await revocations.revoke('account', 'eve', 20);
    expect(await revocations.prune(20)).toBe(1);
    expect(await revocations.since(0)).toEqual([{ kind: 'account', name: 'eve', generation: 2 }]);
    expect(await revocations.prune(21)).toBe(1);
    expect(await revocations.generation()).toBe(2);
    await revocations.revoke('account', 'bob', 30);
    expect(await revocations.since(2)).toEqual([{ kind: 'account', name: 'bob', generation: 3 }]);
  });

  it('made at once have numbers of their own', async () => {
    const { revocations } = (await shared.openEmpty()).index;
    const names = Array.from({ length: 50 }, (_, number) => `g${number}`);
    await Promise.all(names.map((name) => revocations.revoke('grant', name, 1)));
    const told = await revocations.since(0);
    expect(told.map(({ generation }) => generation)).toEqual(names.map((_, number) => number + 1));
    expect(new Set(told.map(({ name }) => name))).toEqual(new Set(names));
  });
}
