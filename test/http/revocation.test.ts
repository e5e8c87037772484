import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_PASSWORD, BUILTIN, type FrontDoor, openFrontDoor } from '../support/front-door.ts';

/* Tokens that are void before their time. */

describe('revocation', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor({ config: BUILTIN, admin: true });
  });
  afterAll(() => door.close());

  const basic = (account: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}`,
  });
  const login = async (): Promise<string> => {
    const answer = await door.send('GET', '/auth/token?service=berth', {
      headers: basic('admin', ADMIN_PASSWORD),
    });
    return answer.json<{ token: string }>().token;
  };
  const status = async (token: string): Promise<number> => (await door.send('GET', '/v2/', { token })).status;

  it('ends the tokens of an account at once, and none that is issued later', async () => {
    const before = await login();
    const other = await door.token([], { subject: 'other' });
    expect(await status(before)).toBe(200);
    await door.state.index.revocations.revoke('account', 'admin', Date.now());
    const refused = await door.send('GET', '/v2/', { token: before });
    expect(refused).toMatchObject({ status: 401, codes: ['UNAUTHORIZED'] });
    expect(refused.text).toContain('the token was revoked');
    expect(refused.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(await status(other)).toBe(200);
    expect(await status(await login())).toBe(200);
  });

  it('cannot be got round while the index is out of order', async () => {
    const faulty = await openFrontDoor({
      config: BUILTIN,
      wrap: (state) => ({
        ...state,
        index: {
          ...state.index,
          revocations: { ...state.index.revocations, generation: () => Promise.reject(new Error('gone')) },
        },
      }),
    });
    const token = await faulty.token([]);
    expect((await faulty.send('GET', '/v2/', { token })).status).toBe(500);
    await faulty.close();
  });
});
