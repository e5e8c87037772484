import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessTokens } from '../../src/auth/accounts/access-tokens.ts';
import { Groups } from '../../src/auth/accounts/groups.ts';
import { Robots } from '../../src/auth/accounts/robots.ts';
import { Roles } from '../../src/auth/accounts/roles.ts';
import { Users } from '../../src/auth/accounts/users.ts';
import { StoppedClock } from '../support/clock.ts';
import { BUILTIN, type FrontDoor, openFrontDoor } from '../support/front-door.ts';

/* Accounts, groups, roles, robots and access tokens, as a client meets them. */

const HOUR = 3_600_000;
const BCRYPT = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';

describe('accounts of its own', () => {
  const clock = new StoppedClock();
  let door: FrontDoor;
  let users: Users;
  let robots: Robots;
  let tokens: AccessTokens;
  let groups: Groups;
  let roles: Roles;
  beforeAll(async () => {
    door = await openFrontDoor({ config: BUILTIN, clock });
    const parts = { index: door.state.index, clock };
    users = new Users(parts);
    robots = new Robots(parts);
    tokens = new AccessTokens(parts);
    groups = new Groups(parts);
    roles = new Roles(parts);
  });
  afterAll(() => door.close());

  const ask = async (account: string, password: string, ...scopes: string[]) => {
    const query = new URLSearchParams([['service', 'berth'], ...scopes.map((scope) => ['scope', scope])]);
    const authorization = `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}`;
    const answer = await door.send('GET', `/auth/token?${query}`, { headers: { authorization } });
    if (answer.status !== 200) return { status: answer.status, scope: '', token: '', expiresIn: 0 };
    const { scope, token, expires_in } = answer.json<{ scope: string; token: string; expires_in: number }>();
    return { status: 200, scope, token, expiresIn: expires_in };
  };
  const status = async (token: string): Promise<number> => (await door.send('GET', '/v2/', { token })).status;
  const PUSH = 'repository:team/app:pull,push';

  it('roles of an account and of its groups count from the next token on, and end at once', async () => {
    await users.add('jane', 'secret', false);
    expect(await ask('jane', 'secret', PUSH)).toMatchObject({ status: 200, scope: '' });
    await roles.grant({ kind: 'account', name: 'jane', role: 'pull', pattern: 'team/**' });
    expect(await ask('jane', 'secret', PUSH)).toMatchObject({ scope: 'repository:team/app:pull' });
    await groups.add('dev');
    await roles.grant({ kind: 'group', name: 'dev', role: 'push', pattern: 'team/app' });
    await groups.join('dev', 'jane');
    const { scope, token } = await ask('jane', 'secret', PUSH);
    expect(scope).toBe(PUSH);
    expect(await status(token)).toBe(200);
    await groups.leave('dev', 'jane');
    expect(await status(token)).toBe(401);
    expect(await ask('jane', 'secret', PUSH)).toMatchObject({ scope: 'repository:team/app:pull' });
  });

  it('an access token stands in for the password, and may do less', async () => {
    await users.add('bob', 'secret', false);
    const all = await tokens.add('bob', { name: 'all', limits: [], lifetimeMs: undefined });
    const few = await tokens.add('bob', { name: 'few', limits: ['bob/app:pull'], lifetimeMs: HOUR / 60 });
    const scopes = ['repository:bob/app:pull,push', 'repository:bob/other:pull', 'registry:catalog:*'];
    expect(await ask('bob', all.secret, ...scopes)).toMatchObject({
      scope: 'repository:bob/app:pull,push repository:bob/other:pull',
    });
    const narrow = await ask('bob', few.secret, ...scopes);
    expect(narrow).toMatchObject({ scope: 'repository:bob/app:pull', expiresIn: 60 });
    expect(await status(narrow.token)).toBe(200);
    await tokens.revoke('bob', 'few');
    expect(await status(narrow.token)).toBe(401);
    expect(await ask('bob', few.secret)).toMatchObject({ status: 401 });
    const other = await ask('bob', all.secret);
    expect(await status(other.token)).toBe(200);
    await users.setDisabled('bob', true, false);
    expect(await status(other.token)).toBe(401);
    expect(await ask('bob', all.secret)).toMatchObject({ status: 401 });
    expect(await ask('bob', 'secret')).toMatchObject({ status: 401 });
    await users.setDisabled('bob', false, false);
    expect(await status(other.token)).toBe(401);
    expect(await status((await ask('bob', all.secret)).token)).toBe(200);
  });

  it('a limited token of an administrator is no administrator', async () => {
    await users.add('root', 'secret', true);
    const few = await tokens.add('root', { name: 'few', limits: ['**:*'], lifetimeMs: undefined });
    const headers = (password: string) => ({
      authorization: `Basic ${Buffer.from(`root:${password}`).toString('base64')}`,
    });
    expect((await door.send('GET', '/api/v1/journal', { headers: headers('secret') })).status).toBe(200);
    expect((await door.send('GET', '/api/v1/journal', { headers: headers(few.secret) })).status).toBe(401);
    expect(await ask('root', few.secret, 'registry:admin:*')).toMatchObject({ scope: '' });
  });

  it('a robot may do what it was granted, with an old and a new token for a while, until its end', async () => {
    const { secret } = await robots.add('ci', 48 * HOUR);
    expect(await ask('ci', secret, 'repository:ci/app:push', PUSH)).toMatchObject({ scope: '' });
    await roles.grant({ kind: 'account', name: 'ci', role: 'push', pattern: 'team/**' });
    expect(await ask('ci', secret, PUSH)).toMatchObject({ scope: PUSH });
    const next = await robots.rotate('ci', HOUR);
    expect(await ask('ci', secret, PUSH)).toMatchObject({ scope: PUSH });
    expect(await ask('ci', next.secret, PUSH)).toMatchObject({ scope: PUSH });
    clock.advance(HOUR);
    expect(await ask('ci', secret)).toMatchObject({ status: 401 });
    const last = await robots.rotate('ci', 0);
    expect(await ask('ci', next.secret)).toMatchObject({ status: 401 });
    expect(await ask('ci', last.secret)).toMatchObject({ status: 200 });
    await expect(users.setPassword('ci', 'secret')).rejects.toThrow('is a robot');
    clock.advance(48 * HOUR);
    expect(await ask('ci', last.secret)).toMatchObject({ status: 401 });
  });

  it('a hash of bcrypt is replaced at the first login, and the password stays', async () => {
    const { accounts } = door.state.index;
    await accounts.create({ name: 'old', passwordHash: BCRYPT, isAdmin: false }, clock.now());
    expect(await ask('old', 'wrong')).toMatchObject({ status: 401 });
    expect(await accounts.find('old')).toMatchObject({ passwordHash: BCRYPT });
    const { token } = await ask('old', 'badmin');
    expect((await accounts.find('old'))?.passwordHash).toMatch(/^\$argon2id\$/);
    expect(await status(token)).toBe(200);
    expect(await ask('old', 'badmin')).toMatchObject({ status: 200 });
    expect(await ask('old', 'wrong')).toMatchObject({ status: 401 });
  });

  it('a new password ends what was issued for the old one', async () => {
    await users.add('eve', 'one', false);
    const { token } = await ask('eve', 'one');
    await users.setPassword('eve', 'two');
    expect(await status(token)).toBe(401);
    expect(await status((await ask('eve', 'two')).token)).toBe(200);
  });
});

describe('groups of other providers', () => {
  const config = (rules: string) => `
auth:
  builtin:
    users:
      ldap: {password: "${BCRYPT}", labels: {groups: [developers, staff]}}
${rules}`;
  const scopeOf = async (door: FrontDoor, ...scopes: string[]): Promise<string> => {
    const query = new URLSearchParams([['service', 'berth'], ...scopes.map((scope) => ['scope', scope])]);
    const authorization = `Basic ${Buffer.from('ldap:badmin').toString('base64')}`;
    const answer = await door.send('GET', `/auth/token?${query}`, { headers: { authorization } });
    return answer.json<{ scope: string }>().scope;
  };

  it('count where they are mapped, and from the next token on no longer', async () => {
    const door = await openFrontDoor({ config: config('') });
    const parts = { index: door.state.index, clock: { now: Date.now } };
    const groups = new Groups(parts);
    await groups.add('developers');
    await groups.add('dev');
    const push = 'repository:team/app:push';
    for (const name of ['developers', 'dev']) {
      const role = name === 'dev' ? 'push' : 'admin';
      await new Roles(parts).grant({ kind: 'group', name, role, pattern: 'team/**' });
    }
    // A group of Berth's own by the same name is another one.
    expect(await scopeOf(door, push)).toBe('');
    await groups.map({ label: 'groups', value: 'developers', group: 'dev' });
    expect(await scopeOf(door, push, 'repository:team/app:delete')).toBe(push);
    await groups.unmap({ label: 'groups', value: 'developers', group: 'dev' });
    expect(await scopeOf(door, push)).toBe('');
    await door.close();
  });

  it('rules of the configuration see them as labels; roles decide where no rule does', async () => {
    const door = await openFrontDoor({
      config: config(`    acl:
      - match: {account: "/.+/", labels: {groups: berth-group}, name: by-label}
        actions: [pull]
      - match: {name: refused}
        actions: []`),
    });
    const parts = { index: door.state.index, clock: { now: Date.now } };
    const groups = new Groups(parts);
    await groups.add('berth-group');
    const scopes = ['by-label', 'refused', 'by-role', 'ldap/own'].map((name) => `repository:${name}:pull`);
    expect(await scopeOf(door, ...scopes)).toBe('');
    await groups.join('berth-group', 'ldap');
    for (const pattern of ['refused', 'by-role']) {
      await new Roles(parts).grant({ kind: 'group', name: 'berth-group', role: 'pull', pattern });
    }
    expect(await scopeOf(door, ...scopes)).toBe('repository:by-label:pull repository:by-role:pull');
    await door.close();
  });
});
