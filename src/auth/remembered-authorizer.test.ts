import { describe, expect, test, vi } from 'vitest';
import { StoppedClock } from '../../test/support/clock.ts';
import type { AccessContext, Authorizer, Verdict } from './authorizer.ts';
import type { Identity } from './identity/provider.ts';
import { RememberedAuthorizer } from './remembered-authorizer.ts';

const WHO: Identity = { account: 'alice', labels: { team: ['a'] }, isAdmin: false };
const WANTED = { type: 'repository', name: 'a/b', actions: ['pull', 'push'] };
const CONTEXT: AccessContext = { service: 's', address: '10.0.0.1' };

function remembered(forMs = 5_000) {
  const authorize = vi.fn(async (): Promise<Verdict> => ({ granted: ['pull'], rule: 'r' }));
  const inner: Authorizer = { name: 'rules', authorize };
  const clock = new StoppedClock();
  return { authorize, clock, rules: new RememberedAuthorizer(inner, clock, forMs) };
}

describe('rules that are remembered', () => {
  test('are asked once for a question, until its time is over', async () => {
    const { authorize, clock, rules } = remembered();
    for (let i = 0; i < 3; i += 1)
      expect(await rules.authorize(WHO, WANTED, CONTEXT)).toEqual({ granted: ['pull'], rule: 'r' });
    expect(authorize).toHaveBeenCalledTimes(1);
    clock.advance(4_999);
    await rules.authorize(WHO, WANTED, CONTEXT);
    expect(authorize).toHaveBeenCalledTimes(1);
    clock.advance(1);
    await rules.authorize(WHO, WANTED, CONTEXT);
    expect(authorize).toHaveBeenCalledTimes(2);
  });

  test('are asked once by those who ask at the same time', async () => {
    const { authorize, rules } = remembered(0);
    await Promise.all([1, 2, 3].map(() => rules.authorize(WHO, WANTED, CONTEXT)));
    expect(authorize).toHaveBeenCalledTimes(1);
    await rules.authorize(WHO, WANTED, CONTEXT);
    expect(authorize).toHaveBeenCalledTimes(2);
  });

  test.each<[string, Identity, typeof WANTED, AccessContext]>([
    ['account', { ...WHO, account: 'bob' }, WANTED, CONTEXT],
    ['label', { ...WHO, labels: { team: ['b'] } }, WANTED, CONTEXT],
    ['role', { ...WHO, isAdmin: true }, WANTED, CONTEXT],
    ['type', WHO, { ...WANTED, type: 'registry' }, CONTEXT],
    ['name', WHO, { ...WANTED, name: 'a/c' }, CONTEXT],
    ['action', WHO, { ...WANTED, actions: ['pull'] }, CONTEXT],
    ['service', WHO, WANTED, { ...CONTEXT, service: 't' }],
    ['address', WHO, WANTED, { ...CONTEXT, address: '10.0.0.2' }],
    ['missing address', WHO, WANTED, { ...CONTEXT, address: undefined }],
  ])('another %s is another question', async (_, who, wanted, context) => {
    const { authorize, rules } = remembered();
    await rules.authorize(WHO, WANTED, CONTEXT);
    await rules.authorize(who, wanted, context);
    expect(authorize).toHaveBeenCalledTimes(2);
  });

  test('ask again after a failure', async () => {
    const { authorize, rules } = remembered();
    authorize.mockRejectedValueOnce(new Error('away'));
    await expect(rules.authorize(WHO, WANTED, CONTEXT)).rejects.toThrow('away');
    expect(await rules.authorize(WHO, WANTED, CONTEXT)).toMatchObject({ granted: ['pull'] });
  });

  test('forget the oldest question before there are too many', async () => {
    const { authorize, rules } = remembered();
    for (let i = 0; i <= 10_000; i += 1)
      await rules.authorize({ ...WHO, account: String(i) }, WANTED, CONTEXT);
    await rules.authorize({ ...WHO, account: '10000' }, WANTED, CONTEXT);
    expect(authorize).toHaveBeenCalledTimes(10_001);
    await rules.authorize({ ...WHO, account: '0' }, WANTED, CONTEXT);
    expect(authorize).toHaveBeenCalledTimes(10_002);
  });
});
