import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT_ROUTES } from '../../src/http/api/account-routes.ts';
import {
  ADMIN_PASSWORD,
  type Answer,
  BUILTIN,
  type FrontDoor,
  openFrontDoor,
} from '../support/front-door.ts';
import { misfits } from '../support/json-schema.ts';

/* Accounts by the admin API. */

describe('the admin API of accounts', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor({ config: BUILTIN, admin: true });
  });
  afterAll(() => door.close());

  const basic = (account: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}`,
  });
  const send = async (
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    who = basic('admin', ADMIN_PASSWORD),
  ): Promise<Answer> => {
    const headers = { ...who, ...(body !== undefined && { 'content-type': 'application/json' }) };
    const sent = { headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const answer = await door.send(method, `/api/v1/${path}`, sent);
    const route = ACCOUNT_ROUTES.find((one) => one.method === method && one.path === path.split('?')[0]);
    const schema = route?.answers[answer.status]?.schema;
    if (answer.status < 300) {
      expect(schema && misfits(schema, answer.json()), `${method} ${path}: ${answer.text}`).toEqual([]);
    }
    return answer;
  };
  const post = (path: string, body: unknown, who?: { authorization: string }) =>
    send('POST', path, body, who);
  const get = (path: string, who?: { authorization: string }) => send('GET', path, undefined, who);
  const status = async (account: string, password: string): Promise<number> =>
    (await door.send('GET', '/auth/token?service=berth', { headers: basic(account, password) })).status;

  it('accounts are made, listed, disabled, enabled, given passwords and removed', async () => {
    expect((await post('accounts', { name: 'jane', password: 'one' })).status).toBe(200);
    expect(await post('accounts', { name: 'jane', password: 'two' })).toMatchObject({
      ...{ status: 409, codes: ['ACCOUNT_CONFLICT'] },
    });
    expect(await post('accounts', { name: '../x', password: 'x' })).toMatchObject({ status: 400 });
    expect(await post('accounts', { name: 'x' })).toMatchObject({ status: 400 });
    expect(await post('accounts', { name: 'x', password: 'x', admin: true })).toMatchObject({ status: 400 });
    const listed = await get('accounts?n=1&after=admin');
    expect(listed.json()).toMatchObject({ accounts: [{ name: 'jane', kind: 'user', isAdmin: false }] });
    expect(listed.text).not.toContain('argon2');
    expect(await status('jane', 'one')).toBe(200);
    await post('accounts/disable', { name: 'jane' });
    expect(await status('jane', 'one')).toBe(401);
    await post('accounts/enable', { name: 'jane' });
    await post('accounts/password', { name: 'jane', password: 'two' });
    expect(await status('jane', 'two')).toBe(200);
    expect((await post('accounts/remove', { name: 'jane' })).status).toBe(200);
    expect(await post('accounts/remove', { name: 'jane' })).toMatchObject({
      ...{ status: 404, codes: ['ACCOUNT_UNKNOWN'] },
    });
    expect(await post('accounts/remove', { name: 'admin' })).toMatchObject({ status: 409 });
  });

  it('robots, tokens, groups and roles', async () => {
    const robot = (await post('robots', { name: 'ci' })).json<{ secret: string }>();
    expect(await status('ci', robot.secret)).toBe(200);
    const next = (await post('robots/rotate', { name: 'ci', overlapSeconds: 0 })).json<{ secret: string }>();
    expect(await status('ci', robot.secret)).toBe(401);
    expect(await status('ci', next.secret)).toBe(200);
    expect((await get('accounts?kind=robot')).json()).toMatchObject({ accounts: [{ name: 'ci' }] });
    const wish = { account: 'admin', name: 'few', limits: ['a/**:pull'], lifetimeSeconds: 60 };
    const made = (await post('tokens', wish)).json<{ secret: string }>();
    expect(await status('admin', made.secret)).toBe(200);
    const listed = await get('tokens?account=admin');
    expect(listed.json()).toMatchObject({
      tokens: [{ name: 'few', limits: [{ pattern: 'a/**', actions: ['pull'] }] }],
    });
    expect(listed.text).not.toContain(made.secret);
    await post('tokens/revoke', { account: 'admin', name: 'few' });
    expect(await status('admin', made.secret)).toBe(401);
    await post('groups', { name: 'dev' });
    await post('groups/join', { group: 'dev', account: 'ci' });
    await post('groups/map', { group: 'dev', label: 'groups', value: 'builders' });
    expect((await get('groups')).json()).toMatchObject({
      groups: [{ name: 'dev', members: 1, mappings: [{ label: 'groups', value: 'builders' }] }],
    });
    expect((await get('groups/members?group=dev')).json()).toEqual({ members: ['ci'] });
    const role = { group: 'dev', role: 'push', repositories: 'team/**' };
    await post('roles/grant', role);
    expect((await get('roles?group=dev')).json()).toEqual({ roles: [role] });
    expect((await post('roles/grant', { ...role, account: 'ci' })).status).toBe(400);
    await post('roles/revoke', role);
    await post('groups/unmap', { group: 'dev', label: 'groups', value: 'builders' });
    await post('groups/leave', { group: 'dev', account: 'ci' });
    expect((await post('groups/remove', { name: 'dev' })).status).toBe(200);
    expect((await get('roles')).json()).toEqual({ roles: [] });
  });

  it('an account manages its own tokens and password, with its password, and nothing else', async () => {
    await post('accounts', { name: 'tim', password: 'one' });
    const tim = basic('tim', 'one');
    const made = (await post('me/tokens', { name: 'laptop' }, tim)).json<{ secret: string }>();
    expect((await get('me/tokens', tim)).json()).toMatchObject({
      tokens: [{ account: 'tim', name: 'laptop' }],
    });
    const byToken = basic('tim', made.secret);
    expect((await get('me/tokens', byToken)).status).toBe(401);
    expect((await post('me/tokens', { name: 'more' }, byToken)).status).toBe(401);
    expect((await post('me/password', { password: 'mine' }, byToken)).status).toBe(401);
    for (const { method, path, access } of ACCOUNT_ROUTES) {
      const body = method === 'POST' ? {} : undefined;
      expect((await send(method, path, body, basic('tim', 'wrong'))).status, path).toBe(401);
      if (access !== 'self') expect((await send(method, path, body, tim)).status, path).toBe(401);
    }
    const bearer = { authorization: `Bearer ${await door.token([], { subject: 'tim' })}` };
    expect((await get('me/tokens', bearer)).status).toBe(401);
    await post('me/tokens/revoke', { name: 'laptop' }, tim);
    expect(await status('tim', made.secret)).toBe(401);
    expect((await post('me/password', { password: 'two' }, tim)).status).toBe(200);
    expect(await status('tim', 'one')).toBe(401);
    expect(await status('tim', 'two')).toBe(200);
  });
});
