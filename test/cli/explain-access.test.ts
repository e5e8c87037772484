import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Workplace } from '../support/berth-process.ts';

/* `berth explain access` as a process. */

const RULES = `users:
  alice: {password: "$2y$10$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC", labels: {team: [blue]}}
acl:
  - match: {account: bob}
    actions: ["*"]
  - match: {name: "\${labels:team}/*", ip: 10.0.0.0/8}
    actions: [pull]
`;

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
  const head =
    'server: {addr: "127.0.0.1:0"}\ntoken: {issuer: here, expiration: 900, certificate: x, key: x}\n';
  writeFileSync(join(place.folder, 'auth.yml'), head + RULES);
});
afterAll(() => place.clear());

const ask = (...more: string[]) =>
  place.run([
    'explain',
    'access',
    '--account',
    'alice',
    '--repository',
    'blue/app',
    '--action',
    'pull,push',
    ...more,
  ]);

it('tells each rule with its place, and why', { timeout: 30_000 }, async () => {
  const inside = await ask('--auth-config', 'auth.yml', '--address', '10.1.2.3');
  expect([inside.code, inside.stderr]).toEqual([0, '']);
  expect(inside.stdout).toContain(
    'passed over: acl, rule 1 (auth.yml:6:5); account is "alice", and the rule wants "bob"',
  );
  expect(inside.stdout).toContain('decides: acl, rule 2 (auth.yml:8:5)');
  expect(inside.stdout).toMatch(/^Granted: pull$/m);
  expect(inside.stdout).toMatch(/^Not granted: push; what decides does not grant it: acl, rule 2/m);
  const outside = await ask('--auth-config', 'auth.yml', '--address', '192.0.2.1', '--json');
  expect(JSON.parse(outside.stdout)).toMatchObject({
    state: 'known',
    granted: [],
    rules: [
      {
        outcome: 'leaves-it',
        tried: [{ matches: false }, { why: 'ip is "192.0.2.1", and the rule wants "10.0.0.0/8"' }],
      },
    ],
  });
});

it('asks beside a registry that runs, for accounts and roles of its own', { timeout: 60_000 }, async () => {
  await place.serve();
  expect((await place.run(['user', 'add', 'alice'])).code).toBe(0);
  expect((await ask()).stdout).toMatch(/Granted: nothing/);
  await place.run(['role', 'grant', 'push', 'blue/*', '--account', 'alice']);
  const { stdout } = await ask();
  expect(stdout).toContain('matches: role push of account alice on blue/*; it grants pull, push');
  expect(stdout).toMatch(/^Granted: pull, push$/m);
});

it('what cannot be asked is told with what to do', { timeout: 30_000 }, async () => {
  writeFileSync(
    join(place.folder, 'open.yml'),
    'version: 0.1\nstorage: {filesystem: {rootdirectory: ./data}}\nhttp: {addr: 127.0.0.1:0}\n',
  );
  const [both, foreign, address] = await Promise.all([
    ask('--auth-config', 'auth.yml', '--data', 'data'),
    ask('--config', 'open.yml'),
    ask('--auth-config', 'auth.yml', '--address', 'here'),
  ]);
  expect([both, foreign, address].map(({ code }) => code)).toEqual([1, 1, 1]);
  expect(both.stderr).toContain('keep one of them');
  expect(foreign.stderr).toContain('name the configuration of the token service with --auth-config');
  expect(address.stderr).toContain('write one like 192.0.2.1');
});

it('needs no data folder where none was made yet', { timeout: 30_000 }, async () => {
  writeFileSync(
    join(place.folder, 'new.yml'),
    `server: {addr: "127.0.0.1:0"}\ntoken: {issuer: here, expiration: 900}\ndata: ./not-made\n${RULES}`,
  );
  const before = await ask('--auth-config', 'new.yml', '--address', '10.1.2.3');
  expect([before.code, before.stderr]).toEqual([0, '']);
  expect(before.stdout).toMatch(/^Granted: pull$/m);
  expect(existsSync(join(place.folder, 'not-made'))).toBe(false);
});

it('explains by the rules of one service', { timeout: 30_000 }, async () => {
  const services = `services:
  plain: {}
  strict:
    acl:
      - match: {account: alice, name: other/*}
        actions: [pull]
`;
  writeFileSync(
    join(place.folder, 'services.yml'),
    `server: {addr: "127.0.0.1:0"}\ntoken: {issuer: here, expiration: 900, certificate: x, key: x}\n${RULES}${services}`,
  );
  const by = (...more: string[]) => ask('--auth-config', 'services.yml', '--address', '10.1.2.3', ...more);
  const [plain, strict, none, other] = await Promise.all([
    by('--service', 'plain'),
    by('--service', 'strict'),
    by(),
    by('--service', 'elsewhere'),
  ]);
  expect(plain.stdout).toMatch(/^Granted: pull$/m);
  expect(strict.stdout).toMatch(/^Granted: nothing$/m);
  expect(strict.stdout).toContain('services.yml:14:9');
  expect(strict.stdout).not.toContain('services.yml:8:5');
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('say for which registry')]);
  expect([other.code, other.stderr]).toEqual([
    1,
    expect.stringContaining('there is no service "elsewhere"; services.yml knows --service plain, strict'),
  ]);
});
