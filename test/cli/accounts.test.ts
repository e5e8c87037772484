import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/berth-process.ts';

/* The commands about accounts, beside two registries that share their data. */

const BCRYPT = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';
const SECRET = /(brt_[0-9A-Za-z]{43})/;
const WITHIN_MS = 1_000;

describe('accounts by command', () => {
  let place: Workplace;
  let urls: string[];
  beforeAll(async () => {
    place = new Workplace();
    const first = await place.serve({ BERTH_ADMIN_PASSWORD: 'admin' });
    const second = await place.serve();
    urls = [first.url, second.url];
  }, 30_000);
  afterAll(() => place.clear());

  const run = async (...args: string[]): Promise<string> => {
    const ended = await place.run(args);
    expect(ended, args.join(' ')).toMatchObject({ code: 0, stderr: '' });
    return ended.stdout;
  };
  const fails = async (...args: string[]): Promise<string> => {
    const ended = await place.run(args);
    expect(ended, args.join(' ')).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    return ended.stderr;
  };
  const login = async (url: string, account: string, password: string, scope = '') => {
    const answer = await fetch(`${url}/auth/token?service=berth&scope=${scope}`, {
      headers: { authorization: `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}` },
    });
    return answer.ok ? ((await answer.json()) as { token: string; scope: string }) : undefined;
  };
  const status = async (url: string, token: string): Promise<number> =>
    (await fetch(`${url}/v2/`, { headers: { authorization: `Bearer ${token}` } })).status;

  /** How long the slowest registry goes on accepting the token after the change is made. */
  const ends = async (tokens: readonly string[], change: () => Promise<unknown>): Promise<number> => {
    for (const url of urls) for (const token of tokens) expect(await status(url, token)).toBe(200);
    const lost = urls.flatMap((url) =>
      tokens.map(async (token) => {
        for (;;) {
          const began = performance.now();
          if ((await status(url, token)) === 401) return began;
          await new Promise((again) => setTimeout(again, 10));
        }
      }),
    );
    await change();
    const changedAt = performance.now();
    return Math.max(...(await Promise.all(lost))) - changedAt;
  };

  it('what is disabled, revoked or removed has no access any more, in each process, within a second', {
    timeout: 120_000,
  }, async () => {
    for (const name of ['one', 'two', 'three']) await run('user', 'add', name);
    const pat = async (name: string): Promise<string> =>
      SECRET.exec(await run('token', 'add', name, '--name', 'ci'))?.[1] ?? '';
    const secrets = { one: await pat('one'), two: await pat('two'), three: await pat('three') };
    // Each process has verified, and so remembers, tokens that either of them issued.
    const tokensOf = async (name: keyof typeof secrets) =>
      Promise.all(urls.map(async (url) => (await login(url, name, secrets[name]))?.token ?? ''));
    const one = await tokensOf('one');
    const two = await tokensOf('two');
    const three = await tokensOf('three');
    expect(await ends(one, () => run('user', 'disable', 'one'))).toBeLessThan(WITHIN_MS);
    expect(await ends(two, () => run('token', 'revoke', 'two', 'ci'))).toBeLessThan(WITHIN_MS);
    expect(await ends(three, () => run('user', 'remove', 'three'))).toBeLessThan(WITHIN_MS);
    for (const url of urls) {
      for (const [name, secret] of Object.entries(secrets)) {
        expect(await login(url, name, secret)).toBeUndefined();
      }
    }
    await run('user', 'enable', 'one');
    for (const url of urls) {
      for (const token of one) expect(await status(url, token)).toBe(401);
      expect(await status(url, (await login(url, 'one', secrets.one))?.token ?? '')).toBe(200);
    }
  });

  it('users: added, listed, disabled; the last administrator stays unless forced', {
    timeout: 60_000,
  }, async () => {
    expect(await run('user', 'add', 'jane')).toMatch(
      /Created the account "jane"\.\nIts password .* once: \S+\n/,
    );
    expect(await fails('user', 'add', 'jane')).toContain('exists already');
    expect(await fails('user', 'disable', 'nobody')).toContain('there is no account "nobody"');
    await run('user', 'disable', 'jane');
    expect(await run('user', 'list')).toMatch(/^admin\tadministrator/m);
    expect(await run('user', 'list')).toMatch(/^jane\tdisabled$/m);
    const last = await fails('user', 'remove', 'admin');
    expect(last).toMatch(/"admin" is the last administrator.*--force/);
    await fails('user', 'disable', 'admin');
    await run('user', 'add', 'root', '--admin');
    await run('user', 'disable', 'admin');
    await fails('user', 'remove', 'root');
    await run('user', 'enable', 'admin');
    await run('user', 'remove', 'root');
    const listed = (await run('user', 'list', '--json')).trim().split('\n');
    const jane = listed.map((line) => JSON.parse(line)).find(({ name }) => name === 'jane');
    expect(jane).toMatchObject({ kind: 'user', isDisabled: true, isAdmin: false });
    expect(listed.join('')).not.toContain('argon2');
  });

  it('robots, groups, roles and tokens: made, used, shown and taken away', {
    timeout: 120_000,
  }, async () => {
    const [url = ''] = urls;
    const secret = SECRET.exec(await run('robot', 'add', 'deploy', '--expires', '90d'))?.[1] ?? '';
    expect(await fails('robot', 'add', 'deploy', '--expires', 'soon')).toContain('write it like 90d');
    const scope = 'repository:team/app:pull,push';
    expect(await login(url, 'deploy', secret, scope)).toMatchObject({ scope: '' });
    await run('group', 'add', 'ci');
    await run('group', 'join', 'ci', 'deploy');
    await run('role', 'grant', 'push', 'team/**', '--group', 'ci');
    expect(await login(url, 'deploy', secret, scope)).toMatchObject({ scope });
    expect(await run('role', 'list')).toBe('group ci\tpush\tteam/**\n');
    await run('group', 'map', 'ci', 'groups=builders');
    expect(await run('group', 'list')).toBe('ci\t1 members\tgroups=builders\n');
    expect(await run('group', 'list', 'ci')).toBe('ci\t1 members\tgroups=builders\n  deploy\n');
    expect(await run('group', 'join', 'ci', 'somebody')).toContain('another provider knows');
    const next = SECRET.exec(await run('robot', 'rotate', 'deploy', '--overlap', '1h'))?.[1] ?? '';
    for (const each of [secret, next])
      expect(await login(url, 'deploy', each, scope)).toMatchObject({ scope });
    await run('robot', 'rotate', 'deploy', '--overlap', '0');
    for (const each of [secret, next]) expect(await login(url, 'deploy', each, scope)).toBeUndefined();
    expect(await run('robot', 'list')).toMatch(/^deploy\texpires /);
    await run('user', 'add', 'tim');
    const limited = await run(
      'token',
      'add',
      'tim',
      '--name',
      'laptop',
      '--limit',
      'tim/a:pull',
      '--limit',
      'tim/b:*',
    );
    const tim = await login(url, 'tim', SECRET.exec(limited)?.[1] ?? '', 'repository:tim/a:pull,push');
    expect(tim).toMatchObject({ scope: 'repository:tim/a:pull' });
    expect(await run('token', 'list', 'tim')).toMatch(/^laptop\ttim\/a:pull tim\/b:\*\tnever expires\t/);
    expect(await run('token', 'list', 'tim', '--json')).not.toContain('brt_');
    await run('role', 'revoke', 'push', 'team/**', '--group', 'ci');
    await run('group', 'map', 'ci', 'groups=builders', '--remove');
    await run('group', 'leave', 'ci', 'deploy');
    await run('group', 'remove', 'ci');
    await run('robot', 'remove', 'deploy');
    expect(await fails('robot', 'remove', 'tim')).toContain('there is no robot "tim"');
    expect(await fails('role', 'grant', 'push', 'team/**')).toContain('either --account or --group');
    expect(await fails('token', 'add', 'tim', '--limit', 'tim/a')).toContain('is no limit');
  });

  it('accounts of other programs are taken over, and each that is not is named with the reason', {
    timeout: 60_000,
  }, async () => {
    writeFileSync(
      join(place.folder, 'htpasswd'),
      `# people\nfirst:${BCRYPT}\nadmin:${BCRYPT}\nweak:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n:x\n`,
    );
    const htpasswd = await run('user', 'import', '--htpasswd', 'htpasswd');
    expect(htpasswd).toContain('took "first"\n');
    expect(htpasswd).toMatch(/skipped "admin" .*: there is an account of this name already/);
    expect(htpasswd).toMatch(/skipped "weak" \(htpasswd:4\): .*bcrypt/);
    expect(htpasswd).toContain('1 accounts taken, 3 skipped.');
    writeFileSync(
      join(place.folder, 'auth.yml'),
      `users:\n  "": {}\n  "Second":\n    password: "${BCRYPT}"\n    labels: {groups: [a]}\n  third: {}\nldap_auth: {future: key}\n`,
    );
    const users = await run('user', 'import', '--docker-auth', 'auth.yml');
    expect(users).toMatch(/took "Second", with the labels groups; no repository/);
    expect(users).toMatch(/skipped "" \(auth\.yml:2:\d+\): .*configuration/);
    expect(users).toMatch(/skipped "third" .*: it has no password/);
    const [url = ''] = urls;
    for (const name of ['first', 'Second']) expect(await login(url, name, 'badmin')).toBeDefined();
    expect(await login(url, 'admin', 'admin')).toBeDefined();
    expect(htpasswd + users).not.toContain(BCRYPT);
    expect(await fails('user', 'import')).toContain('either --htpasswd FILE or --docker-auth FILE');
  });

  it('the data of a token service alone are found by its auth.yml', { timeout: 30_000 }, async () => {
    writeFileSync(join(place.folder, 'own.yml'), OWN);
    expect(await run('user', 'add', 'alone', '--auth-config', 'own.yml')).toContain('Created');
    expect(await run('user', 'list', '--auth-config', 'own.yml')).toBe('alone\n');
    expect(await run('user', 'list', '--data', 'own-data')).toBe('alone\n');
    expect(await fails('user', 'list', '--data', 'x', '--auth-config', 'own.yml')).toContain(
      'keep one of them',
    );
  });
});

const OWN = `server: {addr: ":0"}
token: {issuer: x, expiration: 900, certificate: none.pem, key: none.pem}
data: own-data
`;
