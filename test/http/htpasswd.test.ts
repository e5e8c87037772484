import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { hashForHtpasswd } from '../../src/auth/identity/password-hash.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { changeFile, stopWatching } from '../support/file-change.ts';
import { type Answer, type FrontDoor, openFrontDoor, type Sent } from '../support/front-door.ts';
import { testFolder } from '../support/test-folder.ts';

/* `auth.htpasswd` without `anonymous`. What the real registry answers is in test/e2e. */

stopWatching();

const BADMIN = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';
const ONE_TWO_THREE = '$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya';
const MD5 = '$apr1$gVtCLUNy$Bz3WwEdRjfmVHfs6ifL8C1';

const basic = (account: string, password: string) => ({
  headers: { authorization: `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}` },
});
const messages = (door: FrontDoor, level: string) =>
  door.log.lines.filter((line) => line.level === level).map(({ message }) => message);
const codeOf = (answer: Answer) => answer.json<{ errors: unknown[] }>().errors[0];

async function opened(
  content: string | undefined,
  realm = 'Registry Realm',
): Promise<FrontDoor & { file: string }> {
  const file = join(await testFolder(), 'auth', 'htpasswd');
  if (content !== undefined) {
    mkdirSync(join(file, '..'));
    writeFileSync(file, content);
  }
  const door = await openFrontDoor({
    config: `auth: {htpasswd: {realm: ${JSON.stringify(realm)}, path: ${JSON.stringify(file)}}}`,
  });
  onTestFinished(() => door.close());
  return { ...door, file };
}

describe('auth.htpasswd', () => {
  it('challenges with Basic, and says what was missing, as registry:2', async () => {
    const door = await opened(`admin:${BADMIN}`);
    const ping = await door.send('GET', '/v2/');
    expect(ping.status).toBe(401);
    expect(ping.headers).toMatchObject({
      'www-authenticate': 'Basic realm="Registry Realm"',
      'docker-distribution-api-version': 'registry/2.0',
    });
    expect(codeOf(ping)).toEqual({ code: 'UNAUTHORIZED', message: 'authentication required', detail: null });
    const push = await door.send('POST', '/v2/a/b/blobs/uploads/');
    expect(codeOf(push)).toMatchObject({
      detail: [
        { Type: 'repository', Class: '', Name: 'a/b', Action: 'pull' },
        { Type: 'repository', Class: '', Name: 'a/b', Action: 'push' },
      ],
    });
  });

  it('realm: what stands in it cannot leave the header', async () => {
    const door = await opened('', 'a "b" \\ \r\nX: y');
    expect((await door.send('GET', '/v2/')).headers['www-authenticate']).toBe(
      'Basic realm="a \\"b\\" \\\\   X: y"',
    );
  });

  it('whoever has an account may do everything', async () => {
    const door = await opened(`admin:${BADMIN}\ntest:${ONE_TWO_THREE}`);
    const as = basic('test', '123');
    expect((await door.send('GET', '/v2/', as)).status).toBe(200);
    expect((await door.send('POST', '/v2/a/b/blobs/uploads/', as)).status).toBe(202);
    expect((await door.send('GET', '/v2/_catalog', as)).status).toBe(200);
    expect((await door.send('DELETE', `/v2/a/b/manifests/sha256:${'0'.repeat(64)}`, as)).status).toBe(404);
  });

  const REFUSED: [string, Sent][] = [
    ['a wrong password', basic('admin', 'wrong')],
    ['no password', basic('admin', '')],
    ['an unknown account', basic('nobody', 'badmin')],
    ['the name in another case', basic('Admin', 'badmin')],
    ['the hash as the password', basic('admin', BADMIN)],
    ['an entry that is not bcrypt', basic('old', 'myPassword')],
    ['a password beyond all length', basic('admin', 'x'.repeat(5000))],
    ['no colon', { headers: { authorization: `Basic ${Buffer.from('admin').toString('base64')}` } }],
    ['no base64', { headers: { authorization: 'Basic !!!' } }],
    ['nothing behind the scheme', { headers: { authorization: 'Basic' } }],
    ['a token', { headers: { authorization: 'Bearer abc.def.ghi' } }],
  ];
  it('refuses whatever else a request may bring, all in the same way', async () => {
    const door = await opened(`admin:${BADMIN}\nold:${MD5}`);
    for (const [what, sent] of REFUSED) {
      const answer = await door.send('GET', '/v2/', sent);
      expect([answer.status, answer.headers['www-authenticate'], answer.codes], what).toEqual([
        401,
        'Basic realm="Registry Realm"',
        ['UNAUTHORIZED'],
      ]);
    }
  });

  it('a password may have colons and letters of any script', async () => {
    const door = await opened(`zoë:${await hashForHtpasswd('a:b:ç')}`);
    expect((await door.send('GET', '/v2/', basic('zoë', 'a:b:ç'))).status).toBe(200);
  });

  it('more logins at once than can be checked are told to come back', async () => {
    const door = await opened(`admin:${BADMIN}`);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => door.send('GET', '/v2/', basic(`user${index}`, 'wrong'))),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.headers['retry-after']).toBe('5');
    expect(refused[0]?.codes).toEqual(['TOOMANYREQUESTS']);
    expect(answers.every(({ status }) => status === 429 || status === 401)).toBe(true);
  });

  it('there is no token service', async () => {
    const door = await opened(`admin:${BADMIN}`);
    expect((await door.send('GET', '/auth/token?service=berth', basic('admin', 'badmin'))).status).toBe(404);
  });
});

describe('auth.htpasswd.path', () => {
  it('a missing file is made for its owner alone, with the account "docker", whose password is in the log', async () => {
    const door = await opened(undefined);
    const line = door.log.lines.find(({ fields }) => fields['password'] !== undefined);
    expect(line).toMatchObject({
      level: 'warn',
      message: 'htpasswd is missing, provisioning with default user',
      fields: { user: 'docker' },
    });
    expect(statSync(door.file).mode & 0o777).toBe(0o600);
    expect(statSync(join(door.file, '..')).mode & 0o777).toBe(0o700);
    expect(readFileSync(door.file, 'utf8')).toMatch(/^docker:\$2y\$10\$\S{53}\n$/);
    const password = String(line?.fields['password']);
    expect(password).toMatch(/^[\w-]{43}$/);
    expect((await door.send('GET', '/v2/', basic('docker', password))).status).toBe(200);
  });

  it('a file that is there is left as it is', async () => {
    const door = await opened('# nobody yet\n');
    expect(readFileSync(door.file, 'utf8')).toBe('# nobody yet\n');
    expect(messages(door, 'warn')).toEqual(['nobody can log in: the htpasswd file has no usable entry']);
  });

  it('entries that are not bcrypt are named with what to do, and nothing of the hash', async () => {
    const door = await opened(`admin:${BADMIN}\nold:${MD5}`);
    const line = door.log.lines.find(({ message }) => message.includes('ignored'));
    expect(line).toMatchObject({
      level: 'warn',
      fields: {
        place: `${door.file}:2`,
        reason: `the password of "old" is not hashed with bcrypt; write it with: htpasswd -B ${door.file} "old"`,
      },
    });
    expect(JSON.stringify(door.log.lines)).not.toContain('apr1');
  });

  it('a file of nothing else does not fill the log', async () => {
    const door = await opened(Array.from({ length: 1000 }, (_, index) => `user${index}:${MD5}`).join('\n'));
    const warnings = door.log.lines.filter(({ message }) => message.includes('ignored'));
    expect(warnings).toHaveLength(21);
    expect(warnings.at(-1)?.fields).toMatchObject({ count: 980 });
  });

  it.each([
    ['a line that is no entry', 'file', /:2: there is no colon.*htpasswd -B/],
    ['a folder in its place', 'folder', /cannot read .*: it is a folder/],
    ['a file in place of its folder', 'below a file', /cannot (make|read) .*: a part of the path is a file/],
  ])('%s keeps the registry from starting, with the line of the configuration', async (_, kind, why) => {
    const folder = await testFolder();
    const file = join(folder, 'htpasswd');
    if (kind === 'folder') mkdirSync(file);
    else writeFileSync(file, `admin:${BADMIN}\nhunter2\n`);
    const path = kind === 'below a file' ? join(file, 'x') : file;
    const error: unknown = await openFrontDoor({
      config: `auth: {htpasswd: {realm: r, path: ${JSON.stringify(path)}}}`,
    }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect(String(error)).toMatch(/config\.yml:6:/);
    expect(String(error)).toMatch(why);
    expect(String(error)).not.toContain('hunter2');
  });

  it('is read again when it changes: new account in, old one out, changed password at once', async () => {
    const door = await opened(`admin:${BADMIN}\ntest:${ONE_TWO_THREE}`);
    const status = async (account: string, password: string) =>
      (await door.send('GET', '/v2/', basic(account, password))).status;
    expect([await status('admin', 'badmin'), await status('test', '123')]).toEqual([200, 200]);
    await changeFile(door, door.file, `admin:${ONE_TWO_THREE}\nnew:${BADMIN}`);
    expect([await status('admin', 'badmin'), await status('admin', '123')]).toEqual([401, 200]);
    expect([await status('test', '123'), await status('new', 'badmin')]).toEqual([401, 200]);
  });

  it('a new file that cannot be read leaves the former accounts, says why, and may be mended', async () => {
    const door = await opened(`admin:${BADMIN}`);
    await changeFile(door, door.file, 'no entry');
    expect((await door.send('GET', '/v2/', basic('admin', 'badmin'))).status).toBe(200);
    const [line] = door.log.lines.filter(({ level }) => level === 'error');
    expect(line?.message).toBe('a changed file cannot be used; what was read before stays in use');
    expect(String(line?.fields['error'])).toContain(`${door.file}:1: there is no colon`);
    await changeFile(door, door.file, `admin:${ONE_TWO_THREE}`);
    expect((await door.send('GET', '/v2/', basic('admin', '123'))).status).toBe(200);
  });

  it('is watched no more once the registry is closed', async () => {
    const folder = await testFolder();
    const path = JSON.stringify(join(folder, 'htpasswd'));
    const door = await openFrontDoor({ config: `auth: {htpasswd: {realm: r, path: ${path}}}` });
    expect(vi.getTimerCount()).toBe(1);
    await door.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a file that goes away leaves the former accounts, and is not made anew', async () => {
    const door = await opened(`admin:${BADMIN}`);
    const folder = join(door.file, '..');
    rmSync(folder, { recursive: true });
    vi.advanceTimersByTime(1000);
    await vi.waitFor(() => expect(messages(door, 'error')).toHaveLength(1));
    expect((await door.send('GET', '/v2/', basic('admin', 'badmin'))).status).toBe(200);
    expect(() => statSync(folder)).toThrow();
  });
});
