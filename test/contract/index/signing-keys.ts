import { expect, it, onTestFinished } from 'vitest';
import type { SharedIndex } from './under-test.ts';

/** The keys that sign tokens, one for all processes. */
export function signingKeyContract(shared: SharedIndex): void {
  const key = (id: string, createdAtMs = 1) => ({ id, privateKeyPem: `pem of ${id}`, createdAtMs });

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
}
