import { expect, it, onTestFinished } from 'vitest';
import type { SharedIndex } from './under-test.ts';

/** The keys that sign tokens, one for all processes. */
export function signingKeyContract(shared: SharedIndex): void {
  const key = (id: string, createdAtMs = 1) => ({
    id,
    privateKeyPem: `pem of ${id}`,
    createdAtMs,
    signsFromMs: createdAtMs,
  });

  it('are made once', async () => {
    const { index: empty } = await shared.openEmpty();
    expect(await empty.signingKeys.list()).toEqual([]);
    expect(await empty.signingKeys.createFirst(key('one'))).toEqual([key('one')]);
    expect(await empty.signingKeys.createFirst(key('two', 2))).toEqual([key('one')]);
    expect(await empty.signingKeys.list()).toEqual([key('one')]);
  });

  it('are one for all who ask at once', async () => {
    const { index: empty, again } = await shared.openEmpty();
    const others = await Promise.all([again(), again()]);
    onTestFinished(async () => {
      await Promise.all(others.map((other) => other.close()));
    });
    const all = await Promise.all(
      [empty, ...others, empty].map((one, number) => one.signingKeys.createFirst(key(`key-${number}`))),
    );
    expect(all[0]).toHaveLength(1);
    for (const keys of all) expect(keys).toEqual(all[0]);
  });

  it('follow each other once, however many want to at once, and can be removed', async () => {
    const { index: empty } = await shared.openEmpty();
    const { signingKeys } = empty;
    await signingKeys.createFirst(key('one'));
    const added = await Promise.all(
      [2, 3, 4].map((at) => signingKeys.add({ ...key(`key-${at}`, at), signsFromMs: 100 + at }, 'one')),
    );
    expect(added.filter(Boolean)).toHaveLength(1);
    const listed = await signingKeys.list();
    expect(listed.map(({ signsFromMs }) => signsFromMs > 100)).toEqual([true, false]);
    expect(await signingKeys.add(key('late'), 'nobody')).toBe(false);
    expect(await signingKeys.remove('one')).toBe(true);
    expect(await signingKeys.remove('one')).toBe(false);
    expect(await signingKeys.list()).toEqual(listed.slice(0, 1));
  });

  it('lie in rings that know nothing of each other', async () => {
    const { signingKeys } = (await shared.openEmpty()).index;
    await signingKeys.createFirst(key('shared'));
    expect(await signingKeys.createFirst(key('own'), 'one')).toEqual([key('own')]);
    expect(await signingKeys.add(key('next', 2), 'shared', 'one')).toBe(false);
    expect(await signingKeys.add(key('next', 2), 'own', 'one')).toBe(true);
    expect(await signingKeys.list('one')).toEqual([key('next', 2), key('own')]);
    expect(await signingKeys.list()).toEqual([key('shared')]);
    expect(await signingKeys.list('two')).toEqual([]);
    expect(await signingKeys.remove('own')).toBe(true);
    expect(await signingKeys.list('one')).toEqual([key('next', 2)]);
  });
}
