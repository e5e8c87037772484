import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { StoppedClock } from '../support/clock.ts';
import { type Answer, BUILTIN, type FrontDoor, openFrontDoor } from '../support/front-door.ts';

/* Refresh tokens as docker asks for them (distribution, spec/auth/token.md and oauth.md). */

/** simple.yml's hashes, which are quick to check. */
const BADMIN = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';
const TEST = '$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya';
const PASSWORD = 'badmin';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Body {
  readonly token: string;
  readonly refresh_token?: string;
  readonly scope: string;
}

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

describe('refresh tokens', () => {
  let door: FrontDoor;
  let clock: StoppedClock;
  beforeEach(async () => {
    clock = new StoppedClock();
    door = await openFrontDoor({ config: `throttle: {enabled: false}\n${BUILTIN}`, clock });
    for (const name of ['alice', 'bob']) {
      const account = { name, passwordHash: BADMIN, isAdmin: false };
      await door.state.index.accounts.create(account, clock.now());
    }
  });
  afterEach(() => door.close());

  const get = (query: string, user = 'alice', password = PASSWORD): Promise<Answer> =>
    door.send('GET', `/auth/token?service=berth&${query}`, {
      headers: { authorization: basic(user, password) },
    });
  const post = (fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> =>
    door.send('POST', '/auth/token', {
      body: new URLSearchParams(fields).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    });
  const login = async (client = 'docker', user = 'alice'): Promise<string> => {
    const answer = await get(`account=${user}&client_id=${client}&offline_token=true`, user);
    return answer.json<Body>().refresh_token ?? '';
  };
  const refresh = (refreshToken: string, fields: Record<string, string> = {}): Promise<Answer> =>
    post({
      grant_type: 'refresh_token',
      service: 'berth',
      client_id: 'docker',
      refresh_token: refreshToken,
      ...fields,
    });
  const idOf = (token: string): string => /^berth_rt_([0-9a-f]{32})\./.exec(token)?.[1] ?? '';

  it('come by GET offline_token=true and by POST access_type=offline, and only so', async () => {
    expect(await login()).toMatch(/^berth_rt_[0-9a-f]{32}\.[\w-]{43}$/);
    const form = { grant_type: 'password', client_id: 'docker', username: 'alice', password: PASSWORD };
    const offline = await post({ ...form, access_type: 'offline' });
    expect(offline.json<Body>().refresh_token).toMatch(/^berth_rt_/);
    for (const answer of [
      await get('client_id=docker'),
      await get('offline_token=false'),
      await get('offline_token=1'),
      await post({ ...form, access_type: 'online' }),
      await post(form),
    ]) {
      expect(answer.status).toBe(200);
      expect(answer.json()).not.toHaveProperty('refresh_token');
    }
  });

  it('are exchanged for a token, again and again, and stay the same', async () => {
    const token = await login();
    for (let time = 0; time < 3; time++) {
      const answer = await refresh(token, {
        scope: 'repository:alice/app:pull,push repository:bob/app:pull',
      });
      expect(answer.status).toBe(200);
      const body = answer.json<Body>();
      expect(body).toMatchObject({ refresh_token: token, scope: 'repository:alice/app:pull,push' });
      expect((await door.send('GET', '/v2/', { token: body.token })).status).toBe(200);
      clock.advance(HOUR_MS);
    }
  });

  it('are in no table and no log', async () => {
    const token = await login();
    await refresh(token);
    await refresh(`${token.slice(0, -1)}x`);
    const record = await door.state.index.logins.find(idOf(token));
    const secret = token.split('.')[1] ?? '';
    expect(record?.secretHash).toBe(createHash('sha256').update(secret).digest('hex'));
    expect(JSON.stringify(record)).not.toContain(secret);
    expect(JSON.stringify(door.log.lines)).not.toContain(secret);
    expect(JSON.stringify(door.accessed)).not.toContain(secret);
  });

  it('are refused when they are another, cut, of another id, or no token at all', async () => {
    const [one, other] = [await login(), await login()];
    const [head = '', secret = ''] = one.split('.');
    for (const wrong of [
      `${head}.${other.split('.')[1]}`,
      `${head}.${secret.slice(0, -1)}`,
      `${head}.${secret}x`,
      `${head}.`,
      head,
      secret,
      one.toUpperCase(),
      `${one}\n`,
      `berth_rt_${'0'.repeat(32)}.${secret}`,
      'x',
    ]) {
      expect([wrong, (await refresh(wrong)).status]).toEqual([wrong, 401]);
    }
    expect((await refresh('')).status).toBe(400);
    expect((await refresh('x'.repeat(2000))).status).toBe(400);
    expect((await refresh(one)).status).toBe(200);
  });

  it('do not open the registry by themselves, nor count as a password', async () => {
    const token = await login();
    expect((await door.send('GET', '/v2/', { token })).status).toBe(401);
    expect((await get('', 'alice', token)).status).toBe(401);
  });

  it('are for one service', async () => {
    const answer = await refresh(await login(), { service: 'another' });
    expect(answer.status).toBe(400);
  });

  it.each(['buildkit-client', 'containerd-client', 'containers/image', 'go-containerregistry'])(
    'of docker serve %s too, which reads the same file',
    async (client) => {
      expect((await refresh(await login(), { client_id: client })).status).toBe(200);
    },
  );

  it('serve no other program than the one that logged in', async () => {
    const token = await login();
    const answer = await refresh(token, { client_id: 'thief' });
    expect([answer.status, answer.text]).toEqual([401, expect.stringContaining('another program')]);
    expect(door.log.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        fields: expect.objectContaining({ account: 'alice', usedBy: 'thief', login: idOf(token) }),
      }),
    );
    expect((await refresh(await login('own'), { client_id: 'own' })).status).toBe(200);
  });

  it('come neither beside a password, nor in the address, nor under another account', async () => {
    const token = await login();
    const fields = {
      grant_type: 'refresh_token',
      service: 'berth',
      client_id: 'docker',
      refresh_token: token,
    };
    expect((await post(fields, { authorization: basic('alice', PASSWORD) })).status).toBe(400);
    expect((await post({ ...fields, username: 'alice', password: PASSWORD })).status).toBe(400);
    const inAddress = await door.send('POST', `/auth/token?refresh_token=${token}`, {
      body: 'grant_type=refresh_token&service=berth&client_id=docker',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(inAddress.status).toBe(400);
    expect((await post({ ...fields, account: 'bob' })).status).toBe(401);
    expect((await post({ ...fields, account: 'alice' })).status).toBe(200);
  });

  it('end with the password, at once', async () => {
    const token = await login();
    await door.state.index.accounts.setPassword('bob', TEST, clock.now());
    expect((await refresh(token)).status).toBe(200);
    await door.state.index.accounts.setPassword('alice', BADMIN, clock.now());
    expect((await refresh(token)).status).toBe(401);
  });

  it('end with the account, for one of the same name too', async () => {
    const token = await login();
    await door.state.index.accounts.remove('alice', 1);
    expect((await refresh(token)).status).toBe(401);
    const account = { name: 'alice', passwordHash: BADMIN, isAdmin: true };
    await door.state.index.accounts.create(account, clock.now());
    expect((await refresh(token)).status).toBe(401);
  });

  it('that were ended and are used again are told to the operator, once', async () => {
    const token = await login();
    await door.state.index.logins.end({ id: idOf(token) }, 'the laptop was stolen', clock.now());
    const [ended, unknown] = [
      await refresh(token),
      await refresh(`berth_rt_${'0'.repeat(32)}.${'a'.repeat(43)}`),
    ];
    await refresh(token);
    expect([ended.status, ended.text]).toEqual([401, unknown.text]);
    const told = door.log.lines.filter(({ message }) => message.includes('has ended was used again'));
    expect(told).toEqual([
      {
        level: 'warn',
        message: expect.any(String),
        fields: expect.objectContaining({
          account: 'alice',
          address: '127.0.0.1',
          endedBy: 'the laptop was stolen',
        }),
      },
    ]);
  });

  it('take the tokens that they brought with them, and no others, at once', async () => {
    const [ended, other] = [await login(), await login()];
    const [first, second] = [await refresh(ended), await refresh(other)];
    const stands = async (answer: Answer) =>
      (await door.send('GET', '/v2/', { token: answer.json<Body>().token })).status;
    expect([await stands(first), await stands(second)]).toEqual([200, 200]);
    await door.state.index.logins.end({ id: idOf(ended) }, 'lost', clock.now());
    expect([await stands(first), await stands(second)]).toEqual([401, 200]);
  });

  it('last for 90 days after their last use, also where that is not in the index yet', async () => {
    const token = await login();
    clock.advance(89 * DAY_MS);
    expect((await refresh(token)).status).toBe(200);
    clock.advance(89 * DAY_MS);
    expect((await refresh(token)).status).toBe(200);
    clock.advance(90 * DAY_MS);
    expect((await refresh(token)).status).toBe(401);
  });

  it('what they grant is decided anew each time', async () => {
    const token = await login();
    const scope = { scope: 'registry:catalog:*' };
    expect((await refresh(token, scope)).json<Body>().scope).toBe('');
    const passwordHash = (await door.state.index.accounts.find('alice'))?.passwordHash ?? '';
    await door.state.index.accounts.remove('alice', 1);
    await door.state.index.accounts.create({ name: 'alice', passwordHash, isAdmin: true }, clock.now());
    expect((await refresh(await login(), scope)).json<Body>().scope).toBe('registry:catalog:*');
  });

  it('a password that is changed while the login begins leaves none behind', async () => {
    const { logins, accounts } = door.state.index;
    const hash = TEST;
    const { add } = logins;
    Object.assign(logins, {
      add: async (...args: Parameters<typeof add>) => {
        await accounts.setPassword('alice', hash, clock.now());
        await add(...args);
      },
    });
    const answer = await get('client_id=docker&offline_token=true');
    expect(answer.json()).not.toHaveProperty('refresh_token');
    expect(await logins.list({}, clock.now(), { limit: 10 })).toEqual([]);
  });
});

describe('refresh tokens of the accounts of a configuration', () => {
  const config = (hash: string, more = ''): string => `auth:
  builtin:
    ${more}
    users:
      "admin": {password: "${hash}", labels: {team: [a]}}
      "": {}
    acl:
      - {match: {labels: {team: a}}, actions: ["*"]}
`;
  const ask = (door: FrontDoor, fields: Record<string, string>): Promise<Answer> =>
    door.send('POST', '/auth/token', {
      body: new URLSearchParams({ service: 'berth', client_id: 'docker', ...fields }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  const credentials = { username: 'admin', password: 'badmin', access_type: 'offline' };

  it('go on after a restart, with the labels of today, and end with the password', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'berth-refresh-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    let door = await openFrontDoor({ config: config(BADMIN), folder });
    const token = (await ask(door, credentials)).json<Body>().refresh_token ?? '';
    const fields = { grant_type: 'refresh_token', refresh_token: token, scope: 'repository:x:pull' };
    expect((await ask(door, fields)).json<Body>().scope).toBe('repository:x:pull');
    await door.close();
    door = await openFrontDoor({ config: config(BADMIN).replace('[a]', '[b]'), folder });
    expect((await ask(door, fields)).json<Body>().scope).toBe('');
    await door.close();
    door = await openFrontDoor({ config: config(TEST), folder });
    expect((await ask(door, fields)).status).toBe(401);
    await door.close();
    door = await openFrontDoor({ config: config(BADMIN), folder });
    expect((await ask(door, fields)).status).toBe(401);
    await door.close();
  });

  it('are not given to anybody without an account, nor where the configuration says so', async () => {
    const door = await openFrontDoor({ config: config(BADMIN) });
    const anonymous = await door.send('GET', '/auth/token?service=berth&offline_token=true');
    expect(anonymous.status).toBe(200);
    expect(anonymous.json()).not.toHaveProperty('refresh_token');
    await door.close();
    const without = await openFrontDoor({ config: config(BADMIN, 'token: {refresh: {expiration: 0}}') });
    const answer = await ask(without, credentials);
    expect(answer.status).toBe(200);
    expect(answer.json()).not.toHaveProperty('refresh_token');
    await without.close();
  });
});

describe('the admin API of logins', () => {
  const BUILTIN_USERS = `auth:
  builtin:
    users: {"admin": {password: "${BADMIN}"}, "test": {password: "${TEST}"}}
    acl: [{match: {account: admin}, actions: ["*"]}]
`;

  it('lists them in pages, without anything secret, and ends them', async () => {
    const door = await openFrontDoor({ config: BUILTIN_USERS });
    onTestFinished(() => door.close());
    const headers = { authorization: basic('admin', 'badmin') };
    const tokens: string[] = [];
    for (const authorization of [headers.authorization, headers.authorization, basic('test', '123')]) {
      const target = '/auth/token?service=berth&client_id=docker&offline_token=true';
      const answer = await door.send('GET', target, { headers: { authorization } });
      tokens.push(answer.json<Body>().refresh_token ?? '');
    }
    interface Page {
      logins: { id: string; account: string; usedAt: string }[];
      next?: string;
    }
    const list = async (query = ''): Promise<Page> => {
      const answer = await door.send('GET', `/api/v1/logins${query}`, { headers });
      expect(answer.status).toBe(200);
      for (const token of tokens) expect(answer.text).not.toContain(token.split('.')[1]);
      expect(answer.text).not.toContain('ecret');
      return answer.json<Page>();
    };
    const revoke = (fields: object) =>
      door.send('POST', '/api/v1/logins/revoke', {
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(fields),
      });
    expect((await list()).logins).toHaveLength(3);
    const first = await list('?n=2');
    const rest = await list(`?n=2&after=${first.next}`);
    expect([...first.logins, ...rest.logins]).toEqual((await list()).logins);
    expect(rest).not.toHaveProperty('next');
    const [of] = (await list('?account=test')).logins;
    expect(of).toMatchObject({ account: 'test', provider: 'users', service: 'berth', clientId: 'docker' });
    expect((await revoke({ id: of?.id })).json()).toEqual({ ended: 1 });
    expect((await revoke({ account: 'admin' })).json()).toEqual({ ended: 2 });
    expect((await revoke({})).status).toBe(400);
    expect((await revoke({ id: 'x', account: 'admin' })).status).toBe(400);
    expect((await list()).logins).toEqual([]);
    const other = await door.send('GET', '/api/v1/logins', {
      headers: { authorization: basic('test', '123') },
    });
    expect(other.status).toBe(401);
  });
});
