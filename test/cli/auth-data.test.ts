import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Workplace } from '../support/berth-process.ts';

/* Commands about keys and logins find the data of `berth auth`. */

it('by --auth-config and by --data, and not by both', { timeout: 60_000 }, async () => {
  const place = new Workplace();
  writeFileSync(
    join(place.folder, 'auth.yml'),
    'server: {addr: "127.0.0.1:0"}\ntoken: {issuer: x, expiration: 900}\ndata: state\nusers: {}\nacl: []\n',
  );
  await place.start(['auth', 'auth.yml']).says(/Berth issues tokens/, 20_000);
  const [keys, same, logins, both] = await Promise.all([
    place.run(['keys', 'list', '--auth-config', 'auth.yml']),
    place.run(['keys', 'list', '--data', 'state']),
    place.run(['login', 'list', '--auth-config', 'auth.yml']),
    place.run(['login', 'list', '--auth-config', 'auth.yml', '--data', 'state']),
  ]);
  expect(keys.stdout).toMatch(/\tsigns\tfrom /);
  expect(same.stdout).toBe(keys.stdout);
  expect(logins.stdout).toBe('There are no logins that clients keep.\n');
  expect([both.code, both.stderr]).toEqual([1, expect.stringContaining('keep one of them')]);
  await place.clear();
});
