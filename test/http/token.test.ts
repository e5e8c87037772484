import { decodeProtectedHeader, importJWK, type JWK, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/auth/identity/password-hash.ts';
import {
  ADMIN_PASSWORD,
  type Answer,
  BUILTIN,
  type FrontDoor,
  openFrontDoor,
} from '../support/front-door.ts';

/* The token end point: docker_auth's order of decisions and distribution's spec/auth, over built-in accounts and simple.yml. */

interface Token {
  readonly token: string;
  readonly access_token: string;
  readonly expires_in: number;
  readonly issued_at: string;
  readonly scope: string;
}

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

const form = (
  fields: Readonly<Record<string, string>> | string,
): { body: string; headers: Record<string, string> } => ({
  body: typeof fields === 'string' ? fields : new URLSearchParams(fields).toString(),
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
});

const payloadOf = (answer: Answer): Record<string, unknown> => {
  const [, payload = ''] = answer.json<Token>().token.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>;
};

/** simple.yml's users and rules, as `auth: builtin:` takes them. */
const SIMPLE = `auth:
  builtin:
    token: {issuer: "Acme auth server", expiration: 900}
    users:
      "admin": {password: "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC"}
      "test": {password: "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya"}
    acl:
      - {match: {account: "admin"}, actions: ["*"], comment: "Admin has full access to everything."}
      - {match: {account: "test"}, actions: ["pull"], comment: "User can pull stuff."}
`;

describe('the token end point with built-in accounts', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor({ config: BUILTIN, admin: true });
    const account = { name: 'alice', passwordHash: await hashPassword('pa:ss wörd'), isAdmin: false };
    await door.state.index.accounts.create(account, Date.now());
  });
  afterAll(() => door.close());

  const admin = { authorization: basic('admin', ADMIN_PASSWORD) };

  it('answers with all its fields, not to be stored', async () => {
    const before = Math.floor(Date.now() / 1000) * 1000;
    const answer = await door.send('GET', '/auth/token?service=berth&scope=repository:a/b:pull,push', {
      headers: admin,
    });
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    const body = answer.json<Token>();
    expect(Object.keys(body).toSorted()).toEqual([
      'access_token',
      'expires_in',
      'issued_at',
      'scope',
      'token',
    ]);
    expect(body).toMatchObject({
      expires_in: 900,
      scope: 'repository:a/b:pull,push',
      access_token: body.token,
    });
    expect(body.issued_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/);
    const issuedAt = Date.parse(body.issued_at);
    expect(before <= issuedAt && issuedAt <= Date.now()).toBe(true);
    expect(payloadOf(answer)).toMatchObject({
      iss: 'berth',
      sub: 'admin',
      aud: 'berth',
      access: [{ type: 'repository', name: 'a/b', actions: ['pull', 'push'] }],
    });
  });

  it('its tokens verify with the key that jwks.json publishes, which is public', async () => {
    const published = await door.send('GET', '/.well-known/jwks.json');
    expect(published.status).toBe(200);
    const [jwk] = published.json<{ keys: JWK[] }>().keys;
    expect(jwk).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
    expect(jwk).not.toHaveProperty('d');
    const { token } = (await door.send('GET', '/auth', { headers: admin })).json<Token>();
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'JWT', alg: 'ES256', kid: jwk?.kid });
    await jwtVerify(token, await importJWK(jwk ?? {}), { issuer: 'berth', audience: 'berth' });
  });

  it('a token from it opens the registry', async () => {
    const { token } = (await door.send('GET', '/auth/token?service=berth', { headers: admin })).json<Token>();
    expect((await door.send('GET', '/v2/', { token })).status).toBe(200);
  });

  it('POST with the password grant, /auth as well as /auth/token', async () => {
    for (const path of ['/auth', '/auth/token']) {
      const answer = await door.send('POST', path, {
        ...form({
          grant_type: 'password',
          client_id: 'containerd-client',
          service: 'berth',
          scope: 'repository:a/b:pull repository:c/d:push',
          username: 'admin',
          password: ADMIN_PASSWORD,
        }),
      });
      expect([answer.status, answer.json<Token>().scope]).toEqual([
        200,
        'repository:a/b:pull repository:c/d:push',
      ]);
    }
  });

  it('POST with repeated scope fields, as containers/image sends them', async () => {
    const fields = `grant_type=password&service=berth&username=admin&password=${encodeURIComponent(ADMIN_PASSWORD)}`;
    const answer = await door.send(
      'POST',
      '/auth/token',
      form(`${fields}&scope=repository:a:pull&scope=repository:b:pull`),
    );
    expect(answer.json<Token>().scope).toBe('repository:a:pull repository:b:pull');
  });

  it('POST with Basic', async () => {
    const sent = form({ service: 'berth', scope: 'repository:a:pull' });
    const answer = await door.send('POST', '/auth/token', {
      body: sent.body,
      headers: { ...sent.headers, ...admin },
    });
    expect(answer.json<Token>().scope).toBe('repository:a:pull');
  });

  it('a password in the query is no password', async () => {
    const answer = await door.send(
      'GET',
      `/auth/token?username=admin&password=${encodeURIComponent(ADMIN_PASSWORD)}`,
    );
    expect(answer.status).toBe(401);
  });

  it('a password with a colon, a space and letters beyond ASCII, by Basic and by form', async () => {
    const byBasic = await door.send('GET', '/auth/token', {
      headers: { authorization: basic('alice', 'pa:ss wörd') },
    });
    const byForm = await door.send(
      'POST',
      '/auth/token',
      form({ username: 'alice', password: 'pa:ss wörd' }),
    );
    expect([byBasic.status, byForm.status]).toEqual([200, 200]);
  });

  it('a user may do everything below its own name, and nothing elsewhere', async () => {
    const scopes = ['alice/app', 'alice/deep/app', 'alice', 'alicex/app', 'bob/app', 'library/alice/app'];
    const query = scopes.map((name) => `scope=repository:${name}:pull,push,delete`).join('&');
    const answer = await door.send('GET', `/auth/token?service=berth&${query}&scope=registry:catalog:*`, {
      headers: { authorization: basic('alice', 'pa:ss wörd') },
    });
    expect(answer.status).toBe(200);
    expect(answer.json<Token>().scope).toBe(
      'repository:alice/app:delete,pull,push repository:alice/deep/app:delete,pull,push',
    );
    expect(payloadOf(answer)['access']).toEqual([
      { type: 'repository', name: 'alice/app', actions: ['delete', 'pull', 'push'] },
      { type: 'repository', name: 'alice/deep/app', actions: ['delete', 'pull', 'push'] },
      ...['alice', 'alicex/app', 'bob/app', 'library/alice/app'].map((name) => ({
        type: 'repository',
        name,
        actions: [],
      })),
      { type: 'registry', name: 'catalog', actions: [] },
    ]);
  });

  it('nobody without a log-in gets anything', async () => {
    for (const target of ['/auth/token', '/auth/token?service=berth&scope=repository:a/b:pull']) {
      const answer = await door.send('GET', target);
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Basic realm="berth"']);
    }
  });

  it('a wrong password and an unknown user get the same answer', async () => {
    const answers = await Promise.all(
      [
        basic('admin', 'wrong'),
        basic('nobody', 'wrong'),
        basic('admin', ''),
        basic('', ''),
        basic('', 'x'),
        basic('ADMIN', ADMIN_PASSWORD),
      ].map((authorization) => door.send('GET', '/auth/token?service=berth', { headers: { authorization } })),
    );
    answers.push(await door.send('POST', '/auth/token', form({ username: 'admin', password: 'wrong' })));
    const seen = new Set(
      answers.map(({ status, text, headers }) => `${status} ${text} ${headers['www-authenticate']}`),
    );
    expect([...seen]).toEqual([
      '401 {"errors":[{"code":"UNAUTHORIZED","message":"wrong user name or password","detail":null}]} Basic realm="berth"',
    ]);
  });

  it.each([
    'Basic',
    'Basic ',
    'Basic !!!',
    'Basic YWRtaW4=',
    'Basic YWRtaW4 x',
    'Basic =',
    'Digest username="admin"',
    'Bearer x',
    'garbage',
    `Basic ${'A'.repeat(8_000)}`,
  ])('the Authorization %.30j is refused: 400 or 401', async (authorization) => {
    const answer = await door.send('GET', '/auth/token?service=berth', { headers: { authorization } });
    expect([400, 401]).toContain(answer.status);
    expect(answer.codes).toHaveLength(1);
  });

  it('an account other than the user is 400 (docker_auth)', async () => {
    const answer = await door.send('GET', '/auth/token?account=alice&service=berth', { headers: admin });
    expect([answer.status, answer.text]).toEqual([
      400,
      expect.stringContaining('user and account are not the same'),
    ]);
    expect(
      (await door.send('GET', '/auth/token?account=admin&service=berth', { headers: admin })).status,
    ).toBe(200);
    expect((await door.send('GET', '/auth/token?account=&service=berth', { headers: admin })).status).toBe(
      200,
    );
  });

  it.each([
    'x',
    'repository',
    'repository:',
    'repository::',
    'repository:a',
    'repository::pull',
    'Repository:a:pull',
    'repository:a:PULL',
    'repository:a:pull push',
    ':a:pull',
    'repository(x:a:pull',
    `repository:${'a'.repeat(5_000)}:pull`,
  ])('the scope %.40j is 400', async (scope) => {
    const answer = await door.send('GET', `/auth/token?service=berth&scope=${encodeURIComponent(scope)}`, {
      headers: admin,
    });
    expect([answer.status, answer.codes]).toEqual([400, ['UNSUPPORTED']]);
  });

  it('more scopes than anybody needs are 400', async () => {
    const query = Array.from({ length: 101 }, (_, n) => `scope=repository:r${n}:pull`).join('&');
    expect((await door.send('GET', `/auth/token?service=berth&${query}`, { headers: admin })).status).toBe(
      400,
    );
  });

  it('a host with its port stays part of the name', async () => {
    const answer = await door.send('GET', '/auth/token?scope=repository:host:5000/a/b:pull', {
      headers: admin,
    });
    expect(answer.json<Token>().scope).toBe('repository:host:5000/a/b:pull');
  });

  it('a class of a type is dropped', async () => {
    const answer = await door.send('GET', '/auth/token?scope=repository(plugin):a/b:pull', {
      headers: admin,
    });
    expect(payloadOf(answer)['access']).toEqual([{ type: 'repository', name: 'a/b', actions: ['pull'] }]);
  });

  it('a token for another service is refused: it would open nothing here', async () => {
    expect((await door.send('GET', '/auth/token?service=other', { headers: admin })).status).toBe(400);
  });

  it.each(['refresh_token', 'authorization_code', 'client_credentials', ''])(
    'the grant %j is refused with a status at which clients fall back to GET',
    async (grant) => {
      const sent = form({ grant_type: grant, service: 'berth', refresh_token: 'abc', client_id: 'docker' });
      const answer = await door.send('POST', '/auth/token', sent);
      // containerd: 400, 401, 404 and 405.
      expect([400, 401, 404, 405]).toContain(answer.status);
      expect(answer.text).not.toContain('abc');
    },
  );

  it('offline_token=true gets a refresh_token, which docker keeps in place of the password', async () => {
    const answer = await door.send(
      'GET',
      '/auth/token?account=admin&client_id=docker&offline_token=true&service=berth',
      { headers: admin },
    );
    expect([answer.status, answer.json()]).toEqual([
      200,
      expect.objectContaining({ refresh_token: expect.stringMatching(/./) }),
    ]);
  });

  it('a huge form is 4xx, announced or not', async () => {
    const body = `username=admin&password=${'x'.repeat(200_000)}`;
    for (const sent of [{ body }, { body: [body.slice(0, 70_000), body.slice(70_000)] }]) {
      const answer = await door.send('POST', '/auth/token', sent);
      expect([400, 413]).toContain(answer.status);
    }
  });

  it('a huge password or user is 400, before it is hashed', async () => {
    for (const authorization of [basic('admin', 'x'.repeat(2_000)), basic('x'.repeat(2_000), 'y')]) {
      expect((await door.send('GET', '/auth/token', { headers: { authorization } })).status).toBe(400);
    }
  });

  it('JSON is no form: its sender is anonymous, as with docker_auth', async () => {
    const answer = await door.send('POST', '/auth/token', {
      body: JSON.stringify({ username: 'admin', password: ADMIN_PASSWORD }),
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(401);
  });

  it('a changed or removed account counts at once', async () => {
    const { accounts } = door.state.index;
    await accounts.create({ name: 'carl', passwordHash: await hashPassword('one'), isAdmin: false }, 1);
    const login = async (password: string): Promise<number> =>
      (await door.send('GET', '/auth/token', { headers: { authorization: basic('carl', password) } })).status;
    expect([await login('one'), await login('one')]).toEqual([200, 200]);
    await accounts.setPassword('carl', await hashPassword('two'), 2);
    expect([await login('one'), await login('two')]).toEqual([401, 200]);
    await accounts.remove('carl', 3);
    expect(await login('two')).toBe(401);
  });

  it('nothing secret is in the log', () => {
    const text = JSON.stringify(door.log.lines);
    expect(door.log.lines.length).toBeGreaterThan(20);
    expect(text).not.toContain(ADMIN_PASSWORD);
    expect(text).not.toContain('eyJ');
    expect(text).not.toContain('argon2');
  });
});

describe("docker_auth's table, with simple.yml's users and rules", () => {
  let door: FrontDoor;
  let open: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor({ config: SIMPLE, admin: true });
    open = await openFrontDoor({
      config: `${SIMPLE.replace('    acl:', '      "": {}\n    acl:')}      - {match: {account: ""}, actions: ["pull"]}\n`,
    });
  });
  afterAll(async () => {
    await door.close();
    await open.close();
  });

  const ask = (of: FrontDoor, query: string, authorization?: string): Promise<Answer> =>
    of.send('GET', `/auth?${query}`, { headers: { authorization } });
  const SCOPE = 'scope=repository:team/app:pull,push';

  it('no credentials, no anonymous user: 401', async () => {
    const answer = await ask(door, SCOPE);
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([
      401,
      'Basic realm="Acme auth server"',
    ]);
  });

  it('no credentials, `"": {}` configured: 200 with an empty subject, and the rules of account ""', async () => {
    const answer = await ask(open, SCOPE);
    expect([answer.status, payloadOf(answer)['sub']]).toEqual([200, '']);
    expect(payloadOf(answer)['access']).toEqual([
      { type: 'repository', name: 'team/app', actions: ['pull'] },
    ]);
  });

  it('known user, wrong password: 401, even where anonymous callers are let in', async () => {
    expect((await ask(door, SCOPE, basic('test', 'wrong'))).status).toBe(401);
    expect((await ask(open, SCOPE, basic('test', 'wrong'))).status).toBe(401);
    expect((await ask(open, SCOPE, basic('test', ''))).status).toBe(401);
  });

  it('unknown user with a password: 401, even where anonymous callers are let in', async () => {
    expect((await ask(door, SCOPE, basic('nobody', '123'))).status).toBe(401);
    expect((await ask(open, SCOPE, basic('nobody', '123'))).status).toBe(401);
    expect((await ask(open, SCOPE, basic('', '123'))).status).toBe(401);
  });

  it('an account without a password is not let in as anonymous', async () => {
    expect((await ask(open, `account=admin&${SCOPE}`)).status).toBe(401);
  });

  it('good user, nothing granted: 200 with empty actions', async () => {
    const answer = await ask(
      door,
      'scope=repository:team/app:push&scope=registry:catalog:*',
      basic('test', '123'),
    );
    expect([answer.status, answer.json<Token>().scope]).toEqual([200, '']);
    expect(payloadOf(answer)['access']).toEqual([
      { type: 'repository', name: 'team/app', actions: [] },
      { type: 'registry', name: 'catalog', actions: [] },
    ]);
  });

  it('good user, pull granted of pull,push: 200 with pull', async () => {
    const answer = await ask(door, SCOPE, basic('test', '123'));
    expect([answer.status, payloadOf(answer)['access']]).toEqual([
      200,
      [{ type: 'repository', name: 'team/app', actions: ['pull'] }],
    ]);
  });

  it('admin gets all that it asks for, the catalog too; actions are sorted', async () => {
    const answer = await ask(door, `${SCOPE},delete&scope=registry:catalog:*`, basic('admin', 'badmin'));
    expect(answer.json<Token>().scope).toBe('repository:team/app:delete,pull,push registry:catalog:*');
  });

  it('no scope: a token to log in with, access []', async () => {
    const answer = await ask(door, 'account=test&client_id=docker&offline_token=true', basic('test', '123'));
    expect([answer.status, payloadOf(answer)]).toEqual([
      200,
      expect.objectContaining({ iss: 'Acme auth server', sub: 'test', access: [] }),
    ]);
  });

  it('malformed scope or account mismatch: 400, credentials or not', async () => {
    expect((await ask(door, 'scope=repository:x', basic('test', '123'))).status).toBe(400);
    expect((await ask(door, 'scope=repository:x')).status).toBe(400);
    expect((await ask(door, 'account=admin', basic('test', '123'))).status).toBe(400);
  });

  it('POST: Basic comes before the form', async () => {
    const sent = form({ username: 'admin', password: 'badmin', scope: 'repository:a:push' });
    const answer = await door.send('POST', '/auth', {
      body: sent.body,
      headers: { ...sent.headers, authorization: basic('test', '123') },
    });
    expect([answer.status, payloadOf(answer)['sub'], answer.json<Token>().scope]).toEqual([200, 'test', '']);
  });

  it('configured users take the place of accounts: there is no admin of our own', async () => {
    expect((await ask(door, '', basic('admin', ADMIN_PASSWORD))).status).toBe(401);
    expect(await door.state.index.accounts.isEmpty()).toBe(true);
  });
});
