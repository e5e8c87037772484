import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BerthProcess, Workplace } from '../support/berth-process.ts';
import { selfSigned } from '../support/self-signed.ts';

/* `berth auth` takes a changed configuration over while it runs: whole, or not at all. */

const PAIR = selfSigned();
const HASH = {
  badmin: '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC',
  '123': '$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya',
} as const;

interface Config {
  readonly addr?: string;
  readonly more?: string;
  readonly password?: 'badmin' | '123';
  readonly actions?: string;
}

function yml({ addr = '127.0.0.1:0', more = '', password = 'badmin', actions = '[pull]' }: Config): string {
  return `
server: {addr: "${addr}"${more}}
token: {issuer: Acme, expiration: 900, certificate: token.pem, key: token.key}
users: {admin: {password: "${HASH[password]}"}}
acl: [{match: {}, actions: ${actions}}]
`;
}

interface Header {
  readonly kid: string;
}

let place: Workplace;
let berth: BerthProcess;
let url: string;

async function start(config = yml({})): Promise<void> {
  writeFileSync(join(place.folder, 'token.pem'), PAIR.certificate);
  writeFileSync(join(place.folder, 'token.key'), PAIR.key);
  writeFileSync(join(place.folder, 'auth.yml'), config);
  berth = place.start(['auth', 'auth.yml']);
  url = await berth.says(/at (http:\/\/127\.0\.0\.1:\d+\/auth)/);
}

const write = (text: string) => writeFileSync(join(place.folder, 'auth.yml'), text);
const soon = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 100 });

async function login(password: string): Promise<{ status: number; token?: string; headers: Headers }> {
  const answer = await fetch(`${url}?service=s&scope=repository:a/b:pull,push`, {
    headers: { authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}` },
  });
  const { token } = (await answer.json()) as { token?: string };
  return { status: answer.status, headers: answer.headers, ...(token !== undefined && { token }) };
}

const part = (token: string | undefined, index: number): unknown =>
  JSON.parse(Buffer.from(token?.split('.')[index] ?? '', 'base64url').toString());
const granted = async (): Promise<unknown> => part((await login('badmin')).token, 1);

describe('berth auth, while it runs', { timeout: 30_000 }, () => {
  beforeEach(() => {
    place = new Workplace();
  });
  afterEach(() => place.clear());

  it('takes over accounts, rules and headers, and never both halves of two files', async () => {
    await start();
    expect((await login('badmin')).status).toBe(200);
    write(yml({ password: '123', actions: '["*"]', more: ', hsts: true' }));
    await soon(async () => expect((await login('123')).status).toBe(200));
    const answer = await login('123');
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=63072000; includeSubDomains');
    expect(part(answer.token, 1)).toMatchObject({ access: [{ actions: ['pull', 'push'] }] });
    expect((await login('badmin')).status).toBe(401);
  });

  it('goes on as before where the new one is wrong, says where and why, and takes it once it is mended', async () => {
    await start();
    write(yml({ password: '123', actions: '["*"]' }).replace('match: {}', 'match: {team: x}'));
    await soon(() => expect(berth.stderr).toMatch(/stays in use.*auth\.yml:5:.*unknown key .*team/s));
    expect((await login('badmin')).status).toBe(200);
    expect((await login('123')).status).toBe(401);
    expect(await granted()).toMatchObject({ access: [{ actions: ['pull'] }] });
    write(yml({ actions: '["*"]' }));
    await soon(async () =>
      expect(await granted()).toMatchObject({ access: [{ actions: ['pull', 'push'] }] }),
    );
  });

  it('notices a swap of the folder behind a link, as Kubernetes makes it', async () => {
    for (const [name, actions] of [
      ['one', '[pull]'],
      ['two', '[push]'],
    ] as const) {
      mkdirSync(join(place.folder, name));
      writeFileSync(join(place.folder, name, 'auth.yml'), yml({ actions }));
    }
    writeFileSync(join(place.folder, 'token.pem'), PAIR.certificate);
    writeFileSync(join(place.folder, 'token.key'), PAIR.key);
    symlinkSync('one', join(place.folder, '..data'));
    symlinkSync(join('..data', 'auth.yml'), join(place.folder, 'auth.yml'));
    berth = place.start(['auth', 'auth.yml']);
    url = await berth.says(/at (http:\/\/127\.0\.0\.1:\d+\/auth)/);
    expect(await granted()).toMatchObject({ access: [{ actions: ['pull'] }] });
    symlinkSync('two', join(place.folder, '..data_tmp'));
    renameSync(join(place.folder, '..data_tmp'), join(place.folder, '..data'));
    await soon(async () => expect(await granted()).toMatchObject({ access: [{ actions: ['push'] }] }));
  });

  it('signs with another key once its files have changed', async () => {
    await start();
    const before = part((await login('badmin')).token, 0);
    const next = selfSigned('next');
    writeFileSync(join(place.folder, 'token.pem'), next.certificate);
    writeFileSync(join(place.folder, 'token.key'), next.key);
    await soon(async () => expect(part((await login('badmin')).token, 0)).not.toEqual(before));
    // What the former one signed is still out.
    const kids = [before, part((await login('badmin')).token, 0)].map((header) => (header as Header).kid);
    const published = await (await fetch(new URL('/.well-known/jwks.json', url))).json();
    expect((published as { keys: Header[] }).keys.map(({ kid }) => kid).toSorted()).toEqual(kids.toSorted());
  });

  it('reads everything anew at SIGHUP, which does not end it', async () => {
    await start();
    berth.child.kill('SIGHUP');
    await soon(() => expect(berth.stderr).toMatch(/a changed file is in use.*the configuration/));
    expect((await login('badmin')).status).toBe(200);
  });

  it('names the keys that need a restart, and takes the rest', async () => {
    await start();
    write(yml({ addr: '127.0.0.1:1', actions: '["*"]' }));
    await soon(() => expect(berth.stderr).toMatch(/need a restart.*keys=server\.addr/));
    expect(await granted()).toMatchObject({ access: [{ actions: ['pull', 'push'] }] });
  });

  it('drops no request while the configuration changes all the time', async () => {
    await start();
    let isOver = false;
    const failures: number[] = [];
    let asked = 0;
    const asking = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const { status } = await login('badmin');
        asked += 1;
        if (status !== 200) failures.push(status);
      }
    });
    for (let change = 0; change < 5; change += 1) {
      write(yml({ actions: change % 2 === 0 ? '["*"]' : '[pull]' }));
      berth.child.kill('SIGHUP');
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    isOver = true;
    await Promise.all(asking);
    expect(failures).toEqual([]);
    expect(asked).toBeGreaterThan(20);
  });
});
