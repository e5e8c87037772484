import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BerthProcess, Workplace } from '../support/berth-process.ts';

/* `berth serve` takes accounts and rules of `auth.builtin` over while it runs: whole, or not at all. */

const HASH = {
  badmin: '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC',
  '123': '$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya',
} as const;

interface Config {
  readonly password?: 'badmin' | '123';
  readonly actions?: string;
  readonly more?: string;
  readonly level?: string;
}

function yml({ password = 'badmin', actions = '[pull]', more = '', level = 'info' }: Config = {}): string {
  return `version: 0.1
log: {level: ${level}, formatter: text}
storage: {filesystem: {rootdirectory: ./images}}
http: {addr: 127.0.0.1:0}
auth:
  builtin:
    users: {alice: {password: "${HASH[password]}"}}
    acl: [{match: {account: alice}, actions: ${actions}}]
${more}`;
}

let place: Workplace;
let berth: BerthProcess;
let url: string;

async function start(file: string): Promise<void> {
  berth = place.start(['serve', file]);
  url = await berth.says(/(http:\/\/127\.0\.0\.1:\d+)/, 20_000);
}

const soon = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 15_000, interval: 100 });
const log = () => `${berth.stdout}${berth.stderr}`;

async function login(password = 'badmin'): Promise<string | number> {
  const answer = await fetch(`${url}/auth/token?service=berth&scope=repository:a/b:pull,push`, {
    headers: { authorization: `Basic ${Buffer.from(`alice:${password}`).toString('base64')}` },
  });
  return answer.ok ? ((await answer.json()) as { scope: string }).scope : answer.status;
}

describe('berth serve, while it runs', { timeout: 60_000 }, () => {
  beforeEach(() => {
    place = new Workplace();
    writeFileSync(join(place.folder, 'config.yml'), yml());
  });
  afterEach(() => place.clear());

  const write = (text: string) => writeFileSync(join(place.folder, 'config.yml'), text);

  it('takes changed rules and passwords over, and answers all the while', async () => {
    await start('config.yml');
    expect(await login()).toBe('repository:a/b:pull');
    write(yml({ actions: '["*"]' }));
    const answers = new Set<string | number>();
    await soon(async () => {
      const answer = await login();
      answers.add(answer);
      expect(answer).toBe('repository:a/b:pull,push');
    });
    expect([...answers].every((one) => typeof one === 'string')).toBe(true);
    write(yml({ password: '123' }));
    berth.child.kill('SIGHUP');
    await soon(async () =>
      expect([await login('badmin'), await login('123')]).toEqual([401, 'repository:a/b:pull']),
    );
  });

  it('keeps what is in use where the new one has a fault, and tells its place', async () => {
    await start('config.yml');
    write(yml({ actions: '["*"]' }).replace('match: {account: alice}', 'match: {acount: alice}'));
    await soon(() => expect(log()).toMatch(/stays in use.*config\.yml:8:\d+: unknown key .*acount/s));
    expect(await login()).toBe('repository:a/b:pull');
    write(yml({ actions: '[push]', more: '    plugin_authz: {plugin_path: none.mjs}\n' }));
    await soon(() => expect(log()).toMatch(/config\.yml:9:\d+: none\.mjs cannot be used/));
    expect(await login()).toBe('repository:a/b:pull');
    write(yml({ actions: '[push]' }));
    await soon(async () => expect(await login()).toBe('repository:a/b:push'));
  });

  it('names the keys that only a restart takes over, and takes the rest', async () => {
    await start('config.yml');
    write(yml({ actions: '[push]', level: 'debug', more: '    token: {expiration: 60}\n' }));
    await soon(() =>
      expect(log()).toMatch(
        /need a restart; accounts and rules are in use.*log\.level, auth\.builtin\.token/s,
      ),
    );
    expect(await login()).toBe('repository:a/b:push');
  });

  it('follows the links of a mounted ConfigMap, and files that the configuration names', async () => {
    const folder = (name: string, source: string): void => {
      mkdirSync(join(place.folder, name));
      writeFileSync(
        join(place.folder, name, 'config.yml'),
        yml({ actions: '[]', more: '    plugin_authn: {plugin_path: mounted/plugin.mjs}\n' }).replace(
          'account: alice',
          'account: nobody',
        ),
      );
      writeFileSync(join(place.folder, name, 'plugin.mjs'), source);
    };
    const plugin = (account: string) =>
      `export const authenticate = ({ account }) => ({ result: account === '${account}' ? 'match' : 'no_match' });\n`;
    const statuses = async () => {
      const of = async (account: string) => {
        const headers = { authorization: `Basic ${Buffer.from(`${account}:x`).toString('base64')}` };
        return (await fetch(`${url}/auth/token?service=berth`, { headers })).status;
      };
      return [await of('bob'), await of('carol')];
    };
    folder('..one', plugin('bob'));
    symlinkSync('..one', join(place.folder, '..data'));
    symlinkSync('..data', join(place.folder, 'mounted'));
    await start('mounted/config.yml');
    expect(await statuses()).toEqual([200, 401]);
    folder('..two', plugin('carol'));
    symlinkSync('..two', join(place.folder, '..next'));
    renameSync(join(place.folder, '..next'), join(place.folder, '..data'));
    await soon(async () => expect(await statuses()).toEqual([401, 200]));
  });
});
