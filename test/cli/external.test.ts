import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/berth-process.ts';
import { shellScript } from '../support/script.ts';
import { selfSigned } from '../support/self-signed.ts';

/* `berth auth` with accounts and rules that others know: programs, plugins, HTTP services, casbin. */

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
  const { certificate, key } = selfSigned();
  writeFileSync(join(place.folder, 'server.pem'), certificate);
  writeFileSync(join(place.folder, 'server.key'), key);
});
afterAll(() => place.clear());

let count = 0;

/** A configuration with these sections, over plain HTTP. @returns its name and how many lines stand before them */
function written(sections: readonly string[]): { file: string; before: number } {
  const head = [
    'server: {addr: "127.0.0.1:0"}',
    'token: {issuer: i, expiration: 900, certificate: server.pem, key: server.key}',
  ];
  count += 1;
  const file = `auth-${count}.yml`;
  writeFileSync(join(place.folder, file), [...head, ...sections, ''].join('\n'));
  return { file, before: head.length };
}

async function started(sections: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const process = place.start(['auth', '--v=2', written(sections).file], { env });
  const url = await process.says(/at (http:\/\/127\.0\.0\.1:\d+\/auth)/);
  const ask = async (account: string, password: string, scope = 'repository:team/app:pull,push') => {
    const query = new URLSearchParams({ service: 'Docker registry', scope });
    const authorization = `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}`;
    const answer = await fetch(`${url}?${query}`, { headers: { authorization } });
    const text = await answer.text();
    const body = JSON.parse(text) as { scope?: string };
    return { status: answer.status, scope: body.scope, text };
  };
  return { process, ask };
}

/** Processes whose command line holds a text. */
function processesOf(text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}

const ALLOW_ALL = 'acl: [{match: {}, actions: ["*"]}]';

describe('ext_auth and ext_authz', () => {
  it('decide through `berth auth`, and see nothing of what is secret', { timeout: 30_000 }, async () => {
    const authn = shellScript(place.folder, 'my_auth', [
      'env > env-seen',
      'read -r u p',
      'echo "trying $u with $p" >&2',
      `[ "$u" = alice ] && [ "$p" = "pass word" ] && echo '{"labels":{"team":["blue"]}}' && exit 0`,
      '[ "$u" = broken ] && exit 9',
      '[ "$u" = nobody ] && exit 2',
      'exit 1',
    ]);
    shellScript(place.folder, 'my_authz', ['grep -q \'"Labels":{"team":\\["blue"\\]}\' || exit 1', 'exit 0']);
    const { process, ask } = await started(
      [`ext_auth: {command: ${authn}}`, 'ext_authz: {command: my_authz}'],
      {
        PATH: `${globalThis.process.env['PATH']}:${place.folder}`,
        BERTH_ADMIN_PASSWORD: 'topsecret',
        MY_LDAP: 'x',
      },
    );
    expect(await ask('alice', 'pass word')).toMatchObject({
      status: 200,
      scope: 'repository:team/app:pull,push',
    });
    expect((await ask('alice', 'wrong')).status).toBe(401);
    expect((await ask('nobody', 'x')).status).toBe(401);
    const broken = await ask('broken', 'hunter2');
    expect(broken.status).toBe(503);
    expect(broken.text).not.toMatch(/ext_auth|exit code|my_auth/);
    const seen = readFileSync(join(place.folder, 'env-seen'), 'utf8');
    expect(seen).toMatch(/^MY_LDAP=x$/m);
    expect(seen).not.toMatch(/topsecret|BERTH_/);
    const { stdout, stderr, code } = await process.stop();
    expect(code).toBe(0);
    expect(stderr).toMatch(/ext_auth: the program ended with exit code 9/);
    expect(stderr).toMatch(/a line is withheld/);
    expect(stdout + stderr).not.toMatch(/hunter2|pass word|topsecret/);
  });

  it('200 logins at once with a slow program: bounded, and none is left behind', {
    timeout: 60_000,
  }, async () => {
    const marker = `slow-${Date.now()}`;
    const slow = shellScript(place.folder, marker, [
      `touch ${marker}-$$; ls | grep -c '^${marker}-' >> counted; sleep 0.3; rm ${marker}-$$`,
    ]);
    const { process, ask } = await started([
      `ext_auth: {command: ${slow}, max_concurrent: 8, max_waiting: 40}`,
      ALLOW_ALL,
    ]);
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => ask(`user${index}`, 'x')));
    const statuses = answers.map(({ status }) => status);
    const inside = statuses.filter((status) => status === 200).length;
    expect(inside).toBeGreaterThanOrEqual(48);
    expect(statuses.filter((status) => status === 429)).toHaveLength(200 - inside);
    // What each run counted of those that run with it.
    const counts = readFileSync(join(place.folder, 'counted'), 'utf8').trim().split('\n').map(Number);
    expect(counts).toHaveLength(inside);
    expect(Math.max(...counts)).toBeGreaterThan(1);
    expect(Math.max(...counts)).toBeLessThanOrEqual(8);
    await expect.poll(() => processesOf(marker)).toEqual([]);
    expect((await process.stop()).code).toBe(0);
  });

  it.each(['SIGTERM', 'SIGTERM twice'])(
    'a program that never ends is killed with Berth: %s',
    { timeout: 30_000 },
    async (how) => {
      const marker = `endless-${Date.now()}`;
      const endless = shellScript(place.folder, marker, ['sh -c "sleep 64.5; exit" "$0" &', 'sleep 64.5']);
      const { process, ask } = await started([`ext_auth: {command: ${endless}, timeout: 1m}`, ALLOW_ALL]);
      const asking = ask('alice', 'x').catch(() => undefined);
      await expect.poll(() => processesOf(marker).length, { timeout: 5_000 }).toBeGreaterThan(1);
      process.child.kill('SIGTERM');
      if (how === 'SIGTERM twice') {
        await new Promise((later) => setTimeout(later, 200));
        process.child.kill('SIGTERM');
      }
      await process.ended;
      await asking;
      await expect.poll(() => processesOf(marker), { timeout: 5_000 }).toEqual([]);
    },
  );
});

const NOBODY = `export const authenticate = () => ({ result: 'no_match' });
  export const authorize = authenticate;`;

it('plugins answer logins and rules', { timeout: 30_000 }, async () => {
  writeFileSync(
    join(place.folder, 'plugin.mjs'),
    `export function authenticate({ account, password }) {
      if (account === 'loops') for (;;) {}
      return password === 'right' ? { result: 'match', labels: { team: [account] } } : { result: 'wrong_password' };
    }
    export async function authorize({ labels, name, actions }) {
      return { result: 'match', actions: name.startsWith(labels.team[0] + '/') ? actions : ['pull'] };
    }`,
  );
  const { process, ask } = await started([
    'plugin_authn: {plugin_path: plugin.mjs, timeout: 1s}',
    'plugin_authz: {plugin_path: ./plugin.mjs}',
  ]);
  const looping = ask('loops', 'right');
  expect((await ask('team', 'right')).scope).toBe('repository:team/app:pull,push');
  expect((await ask('other', 'right')).scope).toBe('repository:team/app:pull');
  expect((await ask('team', 'wrong')).status).toBe(401);
  expect((await looping).status).toBe(503);
  // Another plugin under the same name is taken over.
  writeFileSync(join(place.folder, 'plugin.mjs'), NOBODY);
  await expect.poll(async () => (await ask('team', 'right')).status, { timeout: 10_000 }).toBe(401);
  const { stderr, code } = await process.stop();
  expect(code).toBe(0);
  expect(stderr).toMatch(/plugin_authn: the plugin gave no answer: it did not answer within 1000 ms/);
});

it('HTTP services answer logins and rules, and a secret in a file is read again', {
  timeout: 30_000,
}, async () => {
  const keys: unknown[] = [];
  const server = createServer(async (request, answer) => {
    let body = '';
    for await (const piece of request) body += piece;
    const question = JSON.parse(body) as Record<string, unknown>;
    keys.push(request.headers['x-key']);
    const result =
      request.url === '/login'
        ? { result: question['account'] === 'alice' ? 'match' : 'no_match', labels: { team: ['a'] } }
        : { result: 'match', actions: ['pull'] };
    answer.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(result));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(join(place.folder, 'key'), 'first\n');
  const { process, ask } = await started([
    `http_auth: {url: "${base}/login", header_files: {X-Key: key}, cache: 0s}`,
    `http_authz: {url: "${base}/rules", header_files: {X-Key: key}, cache: 0s}`,
  ]);
  expect(await ask('alice', 'x')).toMatchObject({ status: 200, scope: 'repository:team/app:pull' });
  expect((await ask('bob', 'x')).status).toBe(401);
  expect(keys).toEqual(['first', 'first', 'first']);
  writeFileSync(join(place.folder, 'key'), 'second\n');
  await expect
    .poll(async () => (await ask('bob', 'x')) && keys.at(-1), { timeout: 10_000, interval: 100 })
    .toBe('second');
  await new Promise((closed) => {
    server.closeAllConnections();
    server.close(closed);
  });
  // Nobody listens any more: that login fails, and Berth goes on.
  expect((await ask('alice', 'x')).status).toBe(503);
  const { stderr, code } = await process.stop();
  expect(code).toBe(0);
  expect(stderr).toMatch(/http_auth: http:\/\/127\.0\.0\.1:\d+ gave no answer: the connection failed/);
  expect(stderr).not.toMatch(/first|second/);
});

it('casbin alone has the rules, and a broken change is not taken', { timeout: 30_000 }, async () => {
  writeFileSync(
    join(place.folder, 'model.conf'),
    `[request_definition]\nr = account, type, name, service, ip, action, labels\n[policy_definition]\np = account, name, action\n[policy_effect]\ne = some(where (p.eft == allow))\n[matchers]\nm = r.account == p.account && keyMatch(r.name, p.name) && r.action == p.action\n`,
  );
  const policy = join(place.folder, 'policy.csv');
  writeFileSync(policy, 'p, test, team/*, pull\n');
  const { process, ask } = await started([
    `users: {test: {password: "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya"}}`,
    'casbin_authz: {model_path: model.conf, policy_path: policy.csv}',
  ]);
  expect((await ask('test', '123')).scope).toBe('repository:team/app:pull');
  writeFileSync(policy, 'p, test, team/*, push\np, test\n');
  await expect
    .poll(() => process.stderr, { timeout: 10_000 })
    .toMatch(/policy\.csv:2 cannot be used: it has 1 fields/);
  expect((await ask('test', '123')).scope).toBe('repository:team/app:pull');
  writeFileSync(policy, 'p, test, team/*, push\n');
  await expect
    .poll(async () => (await ask('test', '123')).scope, { timeout: 10_000, interval: 100 })
    .toBe('repository:team/app:push');
  expect((await process.stop()).code).toBe(0);
});

describe('a start with something that cannot be used ends with the place and what to do', () => {
  const OK = 'acl: []';
  it.each<[string, string, RegExp]>([
    [
      'ext_auth: {command: no-such-program}',
      OK,
      /there is no program no-such-program in PATH that may be run/,
    ],
    [
      'ext_auth: {command: ./server.pem}',
      OK,
      /there is no program \.\/server\.pem that may be run.*chmod \+x/,
    ],
    ['ext_authz: {command: /nowhere/x}', 'users: {}', /there is no program \/nowhere\/x that may be run/],
    ['plugin_authn: {plugin_path: /p/authn.so}', OK, /is a Go plugin.*docs\/how-to\/plugins\.md/],
    ['plugin_authn: {plugin_path: missing.mjs}', OK, /missing\.mjs cannot be used: it does not exist/],
    [
      'plugin_authn: {plugin_path: empty.mjs}',
      OK,
      /empty\.mjs cannot be used: it exports no function "authenticate"/,
    ],
    [
      'http_auth: {url: "https://a/", header_files: {X-Key: no-key}}',
      OK,
      /cannot read no-key: it does not exist/,
    ],
    [
      'http_auth: {url: "https://a/", header_files: {X-Key: server.pem}}',
      OK,
      /server\.pem holds no value for a header/,
    ],
    ['http_auth: {url: "https://a/", ca_certificate: empty.mjs}', OK, /empty\.mjs holds no certificate/],
    ['http_auth: {url: "https://user:secret@a/"}', OK, /holds credentials/],
    [
      'casbin_authz: {model_path: empty.mjs, policy_path: empty.mjs}',
      'users: {}',
      /empty\.mjs cannot be used: missing/,
    ],
  ])('%s', { timeout: 15_000 }, async (section, other, message) => {
    writeFileSync(join(place.folder, 'empty.mjs'), 'export const nothing = 1;\n');
    const { file, before } = written([other, section]);
    const ended = await place.run(['auth', file]);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).toMatch(new RegExp(`${file}:${before + 2}:\\d+: `));
    expect(ended.stderr).not.toMatch(/\n\s+at |user:secret/);
    expect(ended.code).toBe(1);
  });
});

describe('a plugin that says how accounts stand', () => {
  it('is asked when a login goes on, and ends it', { timeout: 30_000 }, async () => {
    const standing = (text: string) => writeFileSync(join(place.folder, 'standing.json'), text);
    writeFileSync(
      join(place.folder, 'standing.mjs'),
      `import { readFileSync } from 'node:fs';
      export const authenticate = () => ({ result: 'match', labels: { team: ['blue'] } });
      export const lookup = () => JSON.parse(readFileSync(${JSON.stringify(join(place.folder, 'standing.json'))}, 'utf8'));`,
    );
    standing('{"result": "match", "labels": {"team": ["blue"]}, "version": "1"}');
    const process = place.start([
      'auth',
      written([
        'data: standing',
        'plugin_authn: {plugin_path: standing.mjs, cache: 0s}',
        'acl: [{match: {labels: {team: red}}, actions: [pull]}]',
      ]).file,
    ]);
    const url = await process.says(/at (http:\/\/127\.0\.0\.1:\d+\/auth)/);
    const scope = 'repository:team/app:pull,push';
    const query = new URLSearchParams({ service: 's', scope, offline_token: 'true', client_id: 'docker' });
    const authorization = `Basic ${Buffer.from('alice:x').toString('base64')}`;
    const login = await fetch(`${url}?${query}`, { headers: { authorization } });
    const begun = (await login.json()) as { refresh_token: string; scope: string };
    expect(begun.scope).toBe('');
    const goOn = async () => {
      const grant = { grant_type: 'refresh_token', service: 's', scope, client_id: 'docker' };
      const answer = await fetch(`${url}/token`, {
        method: 'POST',
        body: new URLSearchParams({ ...grant, refresh_token: begun.refresh_token }),
      });
      return { status: answer.status, body: (await answer.json()) as { scope?: string } };
    };
    // Whoever has another team today may do what that team may.
    standing('{"result": "match", "labels": {"team": ["red"]}, "version": "1"}');
    expect(await goOn()).toMatchObject({ status: 200, body: { scope: 'repository:team/app:pull' } });
    standing('{"result": "match", "labels": {"team": ["red"]}, "version": "2"}');
    expect((await goOn()).status).toBe(401);
    standing('{"result": "match", "labels": {"team": ["red"]}, "version": "1"}');
    expect((await goOn()).status, 'it has ended').toBe(401);
  });
});
