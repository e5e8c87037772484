import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashPassword, verifyPassword } from './password-hash.ts';

// docker_auth, examples/simple.yml.
const BADMIN = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';
const ONE_TWO_THREE = '$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya';
// Openwall's crypt_blowfish 1.3, wrapper.c.
const OPENWALL: [string, string][] = [
  ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ['U*U', '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ['U*U', '$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ['U*U*', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK'],
  ['U*U*U', '$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a'],
  ['', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy'],
];
const SEVENTY_TWO = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const OF_SEVENTY_TWO = '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui';
// phc-winner-argon2, src/test.c.
const ARGON2 = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';

describe('bcrypt', () => {
  test.each([
    [BADMIN, 'badmin'],
    [ONE_TWO_THREE, '123'],
    ...OPENWALL.map(([password, hash]) => [hash, password]),
  ])('%s is of %j', async (hash = '', password = '') => {
    expect(await verifyPassword(hash, password)).toBe(true);
    for (const wrong of [
      `${password}x`,
      `x${password}`,
      password.toUpperCase().replace(/^$/, ' '),
      `${password} `,
    ]) {
      if (wrong !== password) expect(await verifyPassword(hash, wrong)).toBe(false);
    }
  });

  test('the two accounts of simple.yml have two passwords', async () => {
    expect(await verifyPassword(BADMIN, '123')).toBe(false);
    expect(await verifyPassword(ONE_TWO_THREE, 'badmin')).toBe(false);
    expect(await verifyPassword(BADMIN, '')).toBe(false);
    expect(await verifyPassword(BADMIN, BADMIN)).toBe(false);
  });

  test('looks at 72 bytes and no more, as every bcrypt; docker_auth’s, too', async () => {
    expect(await verifyPassword(OF_SEVENTY_TWO, SEVENTY_TWO)).toBe(true);
    expect(await verifyPassword(OF_SEVENTY_TWO, `${SEVENTY_TWO}chars after 72 are ignored`)).toBe(true);
    expect(await verifyPassword(OF_SEVENTY_TWO, SEVENTY_TWO.slice(0, 71))).toBe(false);
    expect(await verifyPassword(OF_SEVENTY_TWO, `${SEVENTY_TWO.slice(0, 71)}x`)).toBe(false);
  });

  test('a NUL does not end a password', async () => {
    expect(await verifyPassword(ONE_TWO_THREE, '123\0')).toBe(false);
    expect(await verifyPassword(ONE_TWO_THREE, '123\0x')).toBe(false);
  });

  test('a lone surrogate is a wrong password, and nothing worse', async () => {
    expect(await verifyPassword(BADMIN, '\ud800')).toBe(false);
  });
});

describe('argon2id', () => {
  test('the reference implementation’s hash', async () => {
    expect(await verifyPassword(ARGON2, 'password')).toBe(true);
    expect(await verifyPassword(ARGON2, 'Password')).toBe(false);
  });

  test('what was hashed is recognised, and nothing else', async () => {
    for (const password of ['', 'Grüße, 世界 🚢', `${'a'.repeat(1023)}\0`]) {
      const hash = await hashPassword(password);
      expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
      expect(await verifyPassword(hash, password)).toBe(true);
      expect(await verifyPassword(hash, `${password}x`)).toBe(false);
    }
  });

  test('the same password gets another hash each time', async () => {
    expect(await hashPassword('secret')).not.toBe(await hashPassword('secret'));
  });

  test('more than 72 bytes count', async () => {
    const hash = await hashPassword(SEVENTY_TWO);
    expect(await verifyPassword(hash, `${SEVENTY_TWO}x`)).toBe(false);
  });

  test('many at once all get their answer', async () => {
    const passwords = Array.from({ length: 30 }, (_, number) =>
      number % 3 === 0 ? 'password' : `${number}`,
    );
    const answers = await Promise.all(passwords.map((password) => verifyPassword(ARGON2, password)));
    expect(answers).toEqual(passwords.map((password) => password === 'password'));
  });
});

describe('anything else never matches', () => {
  const salt = 'c29tZXNhbHQ';
  const tag = 'nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';
  test.each([
    '',
    ' ',
    'password',
    '$',
    '$2',
    '$2y$',
    '$2y$05$',
    BADMIN.slice(0, -1),
    `${BADMIN}x`,
    `${BADMIN}\n`,
    ` ${BADMIN}`,
    BADMIN.replace('$05$', '$5$'),
    BADMIN.replace('$05$', '$03$'),
    BADMIN.replace('$05$', '$32$'),
    BADMIN.replace('$05$', '$NaN$'),
    BADMIN.replace('$2y$', '$2c$'),
    BADMIN.replace('LO', '!!'),
    '$1$salt$hash',
    '$5$rounds=5000$salt$hash',
    '$6$salt$hash',
    '$apr1$salt$hash',
    '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
    ARGON2.replace('argon2id', 'argon2i'),
    ARGON2.replace('v=19', 'v=16'),
    ARGON2.replace('$v=19', ''),
    ARGON2.replace('m=256', 'm=999999999'),
    ARGON2.slice(0, -30),
    `${ARGON2}=`,
    `${ARGON2}\n`,
    // The right shape with parameters that argon2 does not have.
    `$argon2id$v=19$m=0,t=2,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=7,t=2,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=64,t=0,p=1$${salt}$${tag}`,
    `$argon2id$v=19$m=64,t=1,p=0$${salt}$${tag}`,
    `$argon2id$v=19$m=64,t=1,p=9$${salt}$${tag}`,
  ])('%j', async (hash) => {
    for (const password of ['badmin', 'password', '', hash]) {
      expect(await verifyPassword(hash, password)).toBe(false);
    }
  });

  test('any text at all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.string().map((rest) => `$2${rest}`),
          fc.string().map((rest) => `$argon2id$${rest}`),
        ),
        fc.string(),
        async (hash, password) => {
          expect(await verifyPassword(hash, password)).toBe(false);
        },
      ),
    );
  });
});
