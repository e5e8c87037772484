import { expect, test, vi } from 'vitest';
import { StoppedClock } from '../../../test/support/clock.ts';
import type { IdentityProvider } from './provider.ts';
import { RememberedProvider } from './remembered.ts';

const BOB = { account: 'bob', labels: { group: ['a'] }, isAdmin: false };
const RIGHT = { account: 'bob', password: 'right' };
const WRONG = { account: 'bob', password: 'wrong' };

function remembered() {
  const clock = new StoppedClock();
  const authenticate = vi.fn<IdentityProvider['authenticate']>(async ({ password }) =>
    password === 'right' ? BOB : 'wrong-password',
  );
  const inner = { name: 'directory', authenticate, pretend: async () => undefined };
  const provider = new RememberedProvider(inner, clock, { rightMs: 1000, wrongMs: 100 });
  return { clock, authenticate, provider };
}

test('asks once for each account and password until the time is over', async () => {
  const { clock, authenticate, provider } = remembered();
  expect(await provider.authenticate(RIGHT)).toBe(BOB);
  expect(await provider.authenticate(RIGHT)).toBe(BOB);
  expect(authenticate).toHaveBeenCalledTimes(1);
  expect(await provider.authenticate(WRONG)).toBe('wrong-password');
  expect(await provider.authenticate(WRONG)).toBe('wrong-password');
  expect(authenticate).toHaveBeenCalledTimes(2);
  clock.advance(100);
  await provider.authenticate(WRONG);
  await provider.authenticate(RIGHT);
  expect(authenticate).toHaveBeenCalledTimes(3);
  clock.advance(900);
  await provider.authenticate(RIGHT);
  expect(authenticate).toHaveBeenCalledTimes(4);
});

test('those who come at once share one question', async () => {
  const { authenticate, provider } = remembered();
  await Promise.all([provider.authenticate(RIGHT), provider.authenticate(RIGHT)]);
  expect(authenticate).toHaveBeenCalledTimes(1);
});

test('a failure is told, and asked again', async () => {
  const { authenticate, provider } = remembered();
  authenticate.mockRejectedValueOnce(new Error('out of reach'));
  await expect(provider.authenticate(RIGHT)).rejects.toThrow('out of reach');
  expect(await provider.authenticate(RIGHT)).toBe(BOB);
});

test('two pairs that would be the same text are two', async () => {
  const { authenticate, provider } = remembered();
  await provider.authenticate({ account: 'a', password: 'b","c' });
  await provider.authenticate({ account: 'a","b', password: 'c' });
  expect(authenticate).toHaveBeenCalledTimes(2);
});
