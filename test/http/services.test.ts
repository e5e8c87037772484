import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PasswordChecker } from '../../src/auth/identity/password-checker.ts';
import { newKey } from '../../src/auth/token/key-ring.ts';
import { type AuthProgram, wireAuth } from '../../src/cli/auth-program.ts';
import type { AuthSurroundings } from '../../src/cli/auth-tokens.ts';
import { openState, type State } from '../../src/cli/state.ts';
import { parseAuthConfig } from '../../src/config/docker-auth.ts';
import { type AuditEntry, NO_METRICS } from '../../src/ports.ts';
import { type RecordedLog, recordedLog, sendTo } from '../support/front-door.ts';
import { selfSigned } from '../support/self-signed.ts';

/* `services` of a docker_auth file: registries with an issuer, key, lifetime and rules of their own. */

const BADMIN = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';
const USERS = `users: {admin: {password: "${BADMIN}"}}`;
const START = Date.UTC(2026, 0, 1);

let folder: string;
let now: number;
let state: State | undefined;
let log: RecordedLog;
let audited: AuditEntry[];
let programs: AuthProgram[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-services-'));
  [now, state, log, audited, programs] = [START, undefined, recordedLog(), [], []];
});
afterEach(async () => {
  for (const program of programs) await program.close();
  await state?.index.close();
  await rm(folder, { recursive: true, force: true });
});

const clock = { now: () => now };

async function pair(name: string): Promise<string> {
  const made = selfSigned(name);
  await writeFile(join(folder, `${name}.pem`), made.certificate);
  await writeFile(join(folder, `${name}.key`), made.key);
  return `certificate: ${join(folder, `${name}.pem`)}, key: ${join(folder, `${name}.key`)}`;
}

async function wire(yml: string, former?: AuthProgram): Promise<AuthProgram> {
  const loaded = parseAuthConfig(`server: {addr: ":5001"}\n${yml}`, 'auth.yml');
  const surroundings: AuthSurroundings = {
    ...{ clock, log, metrics: NO_METRICS, index: state?.index, passwords: new PasswordChecker(clock) },
    ...{ requestMetrics: undefined, auditDrops: undefined },
    accessLog: { write: () => undefined },
    guard: {
      throttle: undefined,
      clock,
      audit: { record: (entry: AuditEntry) => audited.push(entry) },
    },
  } as AuthSurroundings;
  const program = await wireAuth('auth.yml', loaded, surroundings, former);
  programs.push(program);
  return program;
}

interface Answer {
  readonly token: string;
  readonly expires_in: number;
}

async function ask(
  program: AuthProgram,
  service: string | undefined,
  scope = 'repository:team/app:pull,push',
) {
  const query = new URLSearchParams({ scope, ...(service !== undefined && { service }) });
  const authorization = `Basic ${Buffer.from('admin:badmin').toString('base64')}`;
  return sendTo(program.app, 'GET', `/auth?${query}`, { headers: { authorization } });
}

async function claims(program: AuthProgram, service: string, scope?: string) {
  const answer = await ask(program, service, scope);
  expect(answer.status, answer.text).toBe(200);
  const { token, expires_in } = answer.json<Answer>();
  const part = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return { ...part, seconds: part.exp - part.iat, expires_in, token };
}

async function keySet(program: AuthProgram, path: string): Promise<JSONWebKeySet> {
  const answer = await sendTo(program.app, 'GET', path);
  expect(answer.status).toBe(200);
  return answer.json<JSONWebKeySet>();
}

async function isSignedBy(set: JSONWebKeySet, token: string): Promise<boolean> {
  try {
    await jwtVerify(token, createLocalJWKSet(set), { currentDate: new Date(now) });
    return true;
  } catch {
    return false;
  }
}

const of = (service: string) => `/services/${encodeURIComponent(service)}/jwks.json`;
const ALL = '/.well-known/jwks.json';

describe('services', () => {
  it('have an issuer, a key, a lifetime and rules of their own; what is not written is as for all', async () => {
    const program = await wire(`
token: {issuer: Acme, expiration: 900, ${await pair('all')}}
${USERS}
acl: [{match: {}, actions: ["*"]}]
services:
  plain: {}
  "a/b 100%":
    issuer: Other
    expiration: 300
    ${(await pair('own')).replace(', ', '\n    ')}
    acl: [{match: {account: admin}, actions: [pull]}]
`);
    const plain = await claims(program, 'plain');
    expect(plain).toMatchObject({ iss: 'Acme', aud: 'plain', seconds: 900, expires_in: 900 });
    expect(plain.access).toMatchObject([{ actions: ['pull', 'push'] }]);
    const own = await claims(program, 'a/b 100%');
    expect(own).toMatchObject({ iss: 'Other', aud: 'a/b 100%', seconds: 300, expires_in: 300 });
    expect(own.access).toMatchObject([{ actions: ['pull'] }]);
    const [all, ownSet, plainSet] = [
      await keySet(program, ALL),
      await keySet(program, of('a/b 100%')),
      await keySet(program, of('plain')),
    ];
    expect(plainSet).toEqual(all);
    expect(await isSignedBy(all, plain.token)).toBe(true);
    expect(await isSignedBy(ownSet, own.token)).toBe(true);
    // Whoever trusts the key of one registry does not trust that of another.
    expect(await isSignedBy(all, own.token)).toBe(false);
    expect(await isSignedBy(ownSet, plain.token)).toBe(false);
    expect(audited.map(({ service, scopes }) => [service, scopes?.[0]?.rule])).toEqual([
      ['plain', expect.stringMatching(/^acl, rule 1 \(auth\.yml:/)],
      ['a/b 100%', expect.stringMatching(/^service "a\/b 100%": acl, rule 1 \(auth\.yml:13:/)],
    ]);
  });

  it('that are not named are refused, before any password is looked at', async () => {
    const program = await wire(`
token: {issuer: Acme, expiration: 900, ${await pair('all')}}
${USERS}
acl: [{match: {}, actions: ["*"]}]
services: {here: {}}
`);
    for (const service of ['there', 'Here', 'here ', '*', '__proto__']) {
      const answer = await ask(program, service);
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({
        errors: [
          { message: expect.stringContaining(`does not know the registry ${JSON.stringify(service)}`) },
        ],
      });
    }
    expect((await ask(program, undefined)).text).toMatch(/does not say for which registry/);
    expect((await sendTo(program.app, 'GET', of('there'))).status).toBe(404);
    expect(audited.at(0)).toMatchObject({ outcome: 'refused', service: 'there' });
  });

  it('are any where the section is not there', async () => {
    const program = await wire(`
token: {issuer: Acme, expiration: 900, ${await pair('all')}}
${USERS}
acl: [{match: {}, actions: ["*"]}]
`);
    expect(await claims(program, 'whatever')).toMatchObject({ aud: 'whatever', iss: 'Acme' });
  });

  it('with no rules in their own list grant nothing, whatever the rules of all say', async () => {
    state = await openState(join(folder, 'data'));
    const program = await wire(`
data: ${join(folder, 'data')}
token: {issuer: Acme, expiration: 900}
${USERS}
acl: [{match: {}, actions: ["*"]}]
services: {closed: {acl: []}, open: {}}
`);
    expect((await claims(program, 'closed')).access).toMatchObject([{ actions: [] }]);
    expect((await claims(program, 'open')).access).toMatchObject([{ actions: ['pull', 'push'] }]);
  });

  it('keep keys of their own in the index, each ring by itself, over a restart', async () => {
    state = await openState(join(folder, 'data'));
    const yml = `
data: ${join(folder, 'data')}
token: {issuer: Acme, expiration: 900}
${USERS}
acl: [{match: {}, actions: ["*"]}]
services: {one: {own_keys: true}, two: {own_keys: true}, three: {}}
`;
    const program = await wire(yml);
    const paths = [of('one'), of('two'), of('three'), ALL];
    const sets = await Promise.all(paths.map((path) => keySet(program, path)));
    const ids = sets.map(({ keys }) => keys.map(({ kid }) => kid));
    expect(ids.map((each) => each.length)).toEqual([1, 1, 1, 1]);
    expect(new Set(ids.flat()).size).toBe(3);
    const { token } = await claims(program, 'one');
    expect(await isSignedBy(sets[0] ?? { keys: [] }, token)).toBe(true);
    const again = await wire(yml);
    expect(await Promise.all(paths.map((path) => keySet(again, path)))).toEqual(sets);
  });

  it('need no key of all where each has its own', async () => {
    const program = await wire(`
token: {issuer: Acme, expiration: 900}
${USERS}
services: {one: {${await pair('one')}, acl: [{match: {}, actions: ["*"]}]}}
`);
    const { token } = await claims(program, 'one');
    expect(await isSignedBy(await keySet(program, of('one')), token)).toBe(true);
    expect(await keySet(program, ALL)).toEqual({ keys: [] });
  });
});

describe('the life of a token', () => {
  it('is as its actions say, the shortest of several, and otherwise as for all', async () => {
    const program = await wire(`
token: {issuer: Acme, expiration: 900, expiration_by_action: {push: 3600, delete: 60}, ${await pair('all')}}
${USERS}
acl: [{match: {name: team/*}, actions: ["*"]}, {match: {}, actions: [pull]}]
services: {plain: {}, own: {expiration: 300, expiration_by_action: {push: 600}}}
`);
    const seconds = async (service: string, scope: string) => (await claims(program, service, scope)).seconds;
    expect(await seconds('plain', 'repository:team/app:pull')).toBe(900);
    expect(await seconds('plain', 'repository:team/app:pull,push')).toBe(3600);
    expect(await seconds('plain', 'repository:team/app:delete')).toBe(60);
    expect(await seconds('plain', 'repository:team/app:pull,push,delete')).toBe(60);
    // Asked for is not granted.
    expect(await seconds('plain', 'repository:other/app:pull,push')).toBe(900);
    expect(await seconds('own', 'repository:team/app:pull,push')).toBe(600);
    expect(await seconds('own', 'repository:team/app:delete')).toBe(300);
  });
});

describe('a changed configuration', () => {
  it('publishes the former keys for as long as their tokens live, and no longer', async () => {
    const yml = async (name: string) => `
token: {issuer: Acme, expiration: 900, expiration_by_action: {push: 3600}, ${await pair(name)}}
${USERS}
acl: [{match: {}, actions: ["*"]}]
`;
    const first = await wire(await yml('first'));
    const before = await claims(first, 's');
    const second = await wire(await yml('second'), first);
    const after = await claims(second, 's');
    const both = await keySet(second, ALL);
    expect(both.keys).toHaveLength(2);
    expect(await isSignedBy(both, before.token)).toBe(true);
    expect(await isSignedBy(both, after.token)).toBe(true);
    now += 1_800_000;
    const third = await wire(await yml('third'), second);
    expect((await keySet(third, ALL)).keys).toHaveLength(3);
    now += 1_801_000;
    expect((await keySet(third, ALL)).keys).toHaveLength(2);
    now += 3_600_000;
    expect((await keySet(third, ALL)).keys).toHaveLength(1);
  });

  it('gives a service a key of its own, and publishes for it what it was signed with', async () => {
    const head = `token: {issuer: Acme, expiration: 900, ${await pair('all')}}\n${USERS}\nacl: []\n`;
    const first = await wire(head);
    const before = await claims(first, 'one');
    const second = await wire(`${head}services: {one: {${await pair('own')}}, two: {}}\n`, first);
    expect(await isSignedBy(await keySet(second, of('one')), before.token)).toBe(true);
    expect((await keySet(second, ALL)).keys).toHaveLength(1);
    expect((await keySet(second, of('two'))).keys).toHaveLength(1);
  });

  it('does not bring back a key that was retired by a command', async () => {
    state = await openState(join(folder, 'data'));
    const yml = `data: x\ntoken: {issuer: Acme, expiration: 900}\n${USERS}\nacl: []\n`;
    const first = await wire(yml);
    const [key] = await state.index.signingKeys.list();
    const second = await wire(yml, first);
    const next = await newKey(now, now);
    await state.index.signingKeys.add(next, must(key).id);
    await state.index.signingKeys.remove(must(key).id);
    const third = await wire(yml, second);
    expect((await keySet(third, ALL)).keys).toMatchObject([{ kid: next.id }]);
  });
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is none');
  return value;
}
