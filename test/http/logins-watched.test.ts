import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/ports.ts';
import { type FrontDoor, openFrontDoor } from '../support/front-door.ts';

/* Wrong passwords make wait, and it is noted who got what, wherever passwords are taken. */

const HASH = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC'; // badmin
const CONFIG = `
auth:
  builtin:
    users: {bob: {password: "${HASH}"}, "": {}}
    acl:
      - {match: {account: bob, name: "bob/*"}, actions: [pull, push]}
      - {match: {account: bob, type: registry}, actions: ["*"]}
      - {match: {name: open}, actions: [pull]}
`;
const OWNER = '192.0.2.1';
const STRANGER = '198.51.100.7';

const basic = (password: string, account = 'bob') =>
  `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}`;

describe('logins', () => {
  let door: FrontDoor;
  let noted: AuditEntry[];
  let nowMs = 1_800_000_000_000;
  const folders: string[] = [];

  afterEach(async () => {
    await door.close();
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  });

  async function open(config = CONFIG): Promise<void> {
    noted = [];
    door = await openFrontDoor({
      config,
      clock: { now: () => nowMs },
      audit: { record: (entry) => noted.push(entry) },
    });
  }

  const token = (password: string, from: string, query = '', headers = {}) =>
    door.send('GET', `/auth/token?service=berth${query}`, {
      from,
      headers: { authorization: basic(password), ...headers },
    });
  const form = (password: string, from: string) =>
    door.send('POST', '/auth/token', {
      from,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `grant_type=password&service=berth&username=bob&password=${password}&client_id=containerd-client`,
    });

  it('a guesser is held up with 429, Retry-After and a sentence, and the owner elsewhere is not', async () => {
    await open();
    for (let guess = 0; guess < 5; guess += 1) {
      expect((await token(`wrong${guess}`, STRANGER)).status).toBe(401);
    }
    const held = await token('badmin', STRANGER);
    expect(held.status).toBe(429);
    expect(held.headers['retry-after']).toBe('1');
    expect(JSON.parse(held.text)).toEqual({
      errors: [
        {
          code: 'TOOMANYREQUESTS',
          message: 'too many failed logins: try again in a second',
          detail: null,
        },
      ],
    });
    expect((await token('badmin', OWNER)).status).toBe(200);
    nowMs += 1_000;
    expect((await token('badmin', STRANGER)).status).toBe(200);
  });

  it('the same wrong password by POST and then by GET, as containerd sends it, counts once', async () => {
    await open();
    for (let guess = 0; guess < 5; guess += 1) {
      expect((await form(`wrong${guess}`, STRANGER)).status).toBe(401);
      expect((await token(`wrong${guess}`, STRANGER)).status).toBe(401);
    }
    expect((await token('wrong5', STRANGER)).status).toBe(429);
  });

  it('the admin API holds up, too, and tells the audit log of changes', async () => {
    await open();
    const ask = (method: string, path: string, password: string) =>
      door.send(method, `/api/v1/${path}`, {
        from: STRANGER,
        headers: { authorization: basic(password), 'content-type': 'application/json' },
        ...(method === 'POST' && { body: '{"dryRun":true}' }),
      });
    expect((await ask('POST', 'garbage-collection', 'badmin')).status).toBe(200);
    for (let guess = 0; guess < 5; guess += 1) {
      expect((await ask('GET', 'deleted', `wrong${guess}`)).status).toBe(401);
    }
    const held = await ask('POST', 'garbage-collection', 'wrong5');
    expect([held.status, held.headers['retry-after']]).toEqual([429, '1']);
    expect(noted.filter(({ kind }) => kind === 'admin')).toMatchObject([
      { outcome: 'granted', account: 'bob', action: 'POST /api/v1/garbage-collection', address: STRANGER },
      { outcome: 'denied', action: 'POST /api/v1/garbage-collection' },
    ]);
  });

  it('htpasswd holds up, too, and its anonymous pulls go on', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'berth-htpasswd-'));
    folders.push(folder);
    writeFileSync(join(folder, 'passwords'), `bob:${HASH}\n`);
    await open(`auth: {htpasswd: {realm: r, path: "${join(folder, 'passwords')}", anonymous: pull}}`);
    const ask = (password: string) =>
      door.send('GET', '/v2/_catalog', { from: STRANGER, headers: { authorization: basic(password) } });
    expect((await ask('badmin')).status).toBe(200);
    expect((await ask('badmin')).status).toBe(200);
    for (let guess = 0; guess < 5; guess += 1) expect((await ask(`wrong${guess}`)).status).toBe(401);
    expect((await ask('badmin')).status).toBe(429);
    expect((await door.send('GET', '/v2/a/manifests/latest', { from: STRANGER })).status).toBe(404);
    expect(noted.map(({ outcome }) => outcome)).toEqual([
      'granted',
      ...Array(5).fill('wrong-credentials'),
      'throttled',
    ]);
  });

  it('throttle: {enabled: false} holds nobody up', async () => {
    await open(`${CONFIG}\nthrottle: {enabled: false}`);
    for (let guess = 0; guess < 12; guess += 1) {
      expect((await token(`wrong${guess}`, STRANGER)).status).toBe(401);
    }
  });

  it('the audit log tells who, from where, what was asked, what was granted and by which rule', async () => {
    await open();
    const answer = await token(
      'badmin',
      OWNER,
      '&client_id=docker&scope=repository:bob/app:pull,push&scope=repository:open:pull,push&scope=repository:x:pull',
      { 'user-agent': 'docker/27.0' },
    );
    await door.send('GET', '/auth/token?service=berth&scope=repository:open:pull', { from: STRANGER });
    await door.send('GET', '/auth/token?service=berth&scope=repository:bob/app:pull', { from: STRANGER });
    await token('badmin', OWNER);
    await token('wrong', OWNER);
    await door.send('GET', '/auth/token?service=other', { from: STRANGER });
    expect(noted.map(({ outcome, account, provider }) => [outcome, account, provider])).toEqual([
      ['partly-granted', 'bob', 'users'],
      ['granted', '', 'users'],
      ['denied', '', 'users'],
      ['granted', 'bob', 'users'],
      ['wrong-credentials', 'bob', undefined],
      ['refused', '', undefined],
    ]);
    expect(noted[0]).toEqual({
      kind: 'login',
      outcome: 'partly-granted',
      atMs: nowMs,
      requestId: answer.headers['x-request-id'],
      account: 'bob',
      provider: 'users',
      address: OWNER,
      clientId: 'docker',
      userAgent: 'docker/27.0',
      service: 'berth',
      scopes: [
        {
          ...{ type: 'repository', name: 'bob/app', asked: ['pull', 'push'], granted: ['pull', 'push'] },
          rule: expect.stringMatching(/^acl, rule 1 \(config\.yml:\d+:\d+\)$/),
        },
        {
          ...{ type: 'repository', name: 'open', asked: ['pull', 'push'], granted: ['pull'] },
          rule: expect.stringMatching(/^acl, rule 3 \(config\.yml:/),
        },
        { type: 'repository', name: 'x', asked: ['pull'], granted: [], rule: 'no rule matches' },
      ],
    });
    expect(JSON.stringify(noted)).not.toMatch(/badmin|wrong"/);
  });
});
