import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { StoppedClock } from '../../../test/support/clock.ts';
import { PasswordChecker } from './password-checker.ts';
import * as passwordHash from './password-hash.ts';

vi.mock(import('./password-hash.ts'), async (original) => {
  const { hashPassword, verifyPassword } = await original();
  return { hashPassword, verifyPassword: vi.fn(verifyPassword) };
});

const BADMIN = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';
const ONE_TWO_THREE = '$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya';
const LIFETIME_MS = 5 * 60_000;

const verify = vi.mocked(passwordHash.verifyPassword);
const computations = () => verify.mock.calls.length;

let clock: StoppedClock;
let checker: PasswordChecker;
beforeEach(() => {
  clock = new StoppedClock();
  checker = new PasswordChecker(clock);
});
afterEach(() => {
  verify.mockClear();
});

describe('a right password', () => {
  test('is computed once', async () => {
    expect(await checker.check('admin', BADMIN, 'badmin')).toBe(true);
    expect(await checker.check('admin', BADMIN, 'badmin')).toBe(true);
    expect(await checker.check('admin', BADMIN, 'badmin')).toBe(true);
    expect(computations()).toBe(1);
  });

  test('is forgotten after five minutes, counted from the computation', async () => {
    await checker.check('admin', BADMIN, 'badmin');
    clock.advance(LIFETIME_MS - 1);
    await checker.check('admin', BADMIN, 'badmin');
    expect(computations()).toBe(1);
    clock.advance(1);
    expect(await checker.check('admin', BADMIN, 'badmin')).toBe(true);
    expect(computations()).toBe(2);
    clock.advance(LIFETIME_MS - 1);
    await checker.check('admin', BADMIN, 'badmin');
    expect(computations()).toBe(2);
  });

  test('no longer counts when the stored hash changes', async () => {
    await checker.check('admin', BADMIN, 'badmin');
    expect(await checker.check('admin', ONE_TWO_THREE, 'badmin')).toBe(false);
    expect(await checker.check('admin', ONE_TWO_THREE, '123')).toBe(true);
    expect(computations()).toBe(3);
  });

  test('of one account is not that of another, nor a part of it', async () => {
    await checker.check('admin', BADMIN, 'badmin');
    await checker.check('Admin', BADMIN, 'badmin');
    await checker.check('', BADMIN, 'badmin');
    expect(computations()).toBe(3);
    expect(await checker.check('admin', BADMIN, 'badmi')).toBe(false);
    expect(await checker.check('admin', BADMIN, 'Badmin')).toBe(false);
    expect(await checker.check('admin', BADMIN, '')).toBe(false);
    expect(computations()).toBe(6);
  });

  test('cannot be imitated by moving the borders between account, hash and password', async () => {
    verify.mockResolvedValueOnce(true);
    await checker.check('a', 'b","c', 'd');
    verify.mockResolvedValue(false);
    expect(await checker.check('a","b', 'c', 'd')).toBe(false);
    expect(await checker.check('a', 'b', 'c","d')).toBe(false);
    expect(await checker.check('ab","c', 'd', '')).toBe(false);
    expect(computations()).toBe(4);
    verify.mockReset();
  });

  test('is known to the checker that saw it, and to no other', async () => {
    await checker.check('admin', BADMIN, 'badmin');
    await new PasswordChecker(clock).check('admin', BADMIN, 'badmin');
    expect(computations()).toBe(2);
  });
});

describe('a wrong password', () => {
  test('is computed each time', async () => {
    expect(await checker.check('admin', BADMIN, 'wrong')).toBe(false);
    expect(await checker.check('admin', BADMIN, 'wrong')).toBe(false);
    expect(computations()).toBe(2);
  });

  test('stays wrong when the right one was seen, and leaves that one known', async () => {
    await checker.check('admin', BADMIN, 'badmin');
    expect(await checker.check('admin', BADMIN, 'wrong')).toBe(false);
    await checker.check('admin', BADMIN, 'badmin');
    expect(computations()).toBe(2);
  });
});

describe('at the same time', () => {
  test('equal checks share one computation, right or wrong', async () => {
    const right = Array.from({ length: 20 }, () => checker.check('admin', BADMIN, 'badmin'));
    expect(new Set(await Promise.all(right))).toEqual(new Set([true]));
    expect(computations()).toBe(1);
    const wrong = Array.from({ length: 20 }, () => checker.check('admin', BADMIN, 'wrong'));
    expect(new Set(await Promise.all(wrong))).toEqual(new Set([false]));
    expect(computations()).toBe(2);
  });

  test('different checks share nothing', async () => {
    const answers = await Promise.all([
      checker.check('admin', BADMIN, 'badmin'),
      checker.check('admin', BADMIN, '123'),
      checker.check('test', ONE_TWO_THREE, '123'),
      checker.check('test', BADMIN, 'badmin'),
    ]);
    expect(answers).toEqual([true, false, true, true]);
    expect(computations()).toBe(4);
  });

  test('a computation that fails fails for all, and is tried again afterwards', async () => {
    verify.mockRejectedValueOnce(new Error('no memory'));
    const failing = [1, 2].map(() => checker.check('admin', BADMIN, 'badmin'));
    expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await checker.check('admin', BADMIN, 'badmin')).toBe(true);
    expect(computations()).toBe(2);
  });
});

test('does not remember without end', async () => {
  verify.mockResolvedValue(true);
  for (let number = 0; number <= 10_000; number += 1) await checker.check(`user-${number}`, BADMIN, 'x');
  expect(computations()).toBe(10_001);
  await checker.check('user-10000', BADMIN, 'x');
  await checker.check('user-1', BADMIN, 'x');
  expect(computations()).toBe(10_001);
  await checker.check('user-0', BADMIN, 'x');
  expect(computations()).toBe(10_002);
  verify.mockReset();
});

test('pretending takes the hash path each time, and lets nobody in', async () => {
  expect(await checker.pretend('nobody', BADMIN, 'badmin')).toBeUndefined();
  await checker.pretend('nobody', BADMIN, 'badmin');
  expect(computations()).toBe(2);
  await checker.check('admin', BADMIN, 'badmin');
  expect(computations()).toBe(3);
});

test('pretending is shared by equal attempts at once, as checking is', async () => {
  await Promise.all(Array.from({ length: 5 }, () => checker.pretend('nobody', BADMIN, 'wrong')));
  expect(computations()).toBe(1);
});
