import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoppedClock } from '../support/clock.ts';
import { type Answer, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { startPlatform, type TokenPlatform } from '../support/token-platform.ts';

/* Forged refresh tokens and assertions make wait as wrong passwords do, and good ones from the same address go on. */

const HASH = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC'; // badmin
const AUDIENCE = 'https://registry.example.com';
/** Of one company behind one address. */
const SHARED = '192.0.2.1';
const ELSEWHERE = '198.51.100.7';
/** Twenty failures of an address are free. */
const FREE = 20;

describe('forged tokens', () => {
  let platform: TokenPlatform;
  let door: FrontDoor;
  let clock: StoppedClock;

  beforeEach(async () => {
    platform = await startPlatform();
    clock = new StoppedClock();
    clock.advance(Date.now() - clock.now());
    door = await openFrontDoor({
      clock,
      config: `
auth:
  builtin:
    users: {bob: {password: "${HASH}"}}
    workload_identity:
      audience: ${AUDIENCE}
      issuers:
        platform: {issuer: ${platform.issuer}, identities: [{account: ci, subject: "job:*"}]}
    acl: [{match: {}, actions: ["*"]}]
`,
    });
  });
  afterEach(async () => {
    await door.close();
    await platform.stop();
  });

  const post = (from: string, fields: Record<string, string>): Promise<Answer> =>
    door.send('POST', '/auth/token', {
      from,
      body: new URLSearchParams({ service: 'berth', client_id: 'docker', ...fields }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  const refresh = (from: string, token: string) =>
    post(from, { grant_type: 'refresh_token', refresh_token: token });
  const exchange = (from: string, token: string) =>
    post(from, {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    });
  const login = async (from: string): Promise<string> => {
    const answer = await post(from, {
      ...{ grant_type: 'password', username: 'bob', password: 'badmin', access_type: 'offline' },
    });
    return answer.json<{ refresh_token: string }>().refresh_token;
  };
  const forgedRefresh = () =>
    `berth_rt_${randomBytes(16).toString('hex')}.${randomBytes(32).toString('base64url')}`;
  let jobs = 0;
  const job = (audience = AUDIENCE) => {
    jobs += 1;
    return platform.sign({ sub: `job:${jobs}`, aud: audience });
  };

  /** Sends forged ones until it is told to wait. @returns how many were looked at */
  async function storm(forge: () => Promise<Answer>): Promise<number> {
    for (let tried = 0; tried < 5 * FREE; tried += 1) {
      const answer = await forge();
      if (answer.status === 429) {
        expect(answer.headers['retry-after']).toBe('1');
        return tried;
      }
      expect(answer.status).toBe(401);
    }
    throw new Error('nobody was held up');
  }

  it('refresh tokens: the address waits, who logged in from it does not, nor does anybody elsewhere', async () => {
    const mine = await login(SHARED);
    const other = await login(ELSEWHERE);
    expect(await storm(() => refresh(SHARED, forgedRefresh()))).toBe(FREE);
    expect((await refresh(SHARED, mine)).status, 'it was given out to this address').toBe(200);
    expect((await refresh(ELSEWHERE, other)).status).toBe(200);
    expect((await refresh(SHARED, other)).status, 'not known from here').toBe(429);
    clock.advance(1_000);
    expect((await refresh(SHARED, other)).status).toBe(200);
    expect((await refresh(SHARED, forgedRefresh())).status).toBe(401);
    expect((await refresh(SHARED, forgedRefresh())).headers['retry-after']).toBe('2');
    expect((await refresh(SHARED, other)).status, 'known from now on').toBe(200);
  });

  it('refresh tokens: guessing the secret of one login is slowed down for that login alone', async () => {
    const mine = await login(SHARED);
    const [id] = mine.split('.');
    const tried = await storm(() => refresh(SHARED, `${id}.${randomBytes(32).toString('base64url')}`));
    expect(tried).toBe(5);
    expect((await refresh(SHARED, await login(SHARED))).status).toBe(200);
  });

  it('a login that has ended is no forgery, however often a forgotten machine tries it', async () => {
    const tokens = await Promise.all(Array.from({ length: FREE + 5 }, () => login(SHARED)));
    await door.state.index.logins.end({ account: 'bob' }, 'revoked', clock.now());
    for (const token of tokens) expect((await refresh(SHARED, token)).status).toBe(401);
    expect((await refresh(SHARED, forgedRefresh())).status).toBe(401);
  });

  it('assertions: forged ones make the address wait, jobs that were let in before go on', async () => {
    const known = { sub: 'job:known', aud: AUDIENCE };
    expect((await exchange(SHARED, await platform.sign(known))).status).toBe(200);
    expect(await storm(async () => exchange(SHARED, await job('https://another.example.com')))).toBe(FREE);
    expect((await exchange(SHARED, await platform.sign({ ...known, jti: 'next' }))).status).toBe(200);
    expect((await exchange(SHARED, await job())).status, 'a job that was never here').toBe(429);
    expect((await exchange(ELSEWHERE, await job())).status).toBe(200);
    clock.advance(1_000);
    expect((await exchange(SHARED, await job())).status).toBe(200);
  });

  it('assertions: many jobs of one subject at once are no guessing', async () => {
    const subject = { sub: 'job:matrix', aud: AUDIENCE };
    const tokens = await Promise.all(
      Array.from({ length: 30 }, (_, jti) => platform.sign({ ...subject, jti: `${jti}` })),
    );
    const answers = await Promise.all(tokens.map((token) => exchange(SHARED, token)));
    expect(answers.map(({ status }) => status)).toEqual(tokens.map(() => 200));
  });
});
