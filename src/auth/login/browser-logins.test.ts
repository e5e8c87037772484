import { hash as bcrypt } from '@node-rs/bcrypt';
import { describe, expect, it } from 'vitest';
import { browserLoginUnderTest, HOUR_MS, PASSWORD_LIFETIME_MS } from '../../../test/support/browser-login.ts';
import { StoppedClock } from '../../../test/support/clock.ts';
import { FakeUpstream } from '../../../test/support/fake-upstream.ts';
import { MemoryTokenDatabase } from '../../../test/support/memory-token-database.ts';
import { UpstreamGone, type UpstreamLogin, UpstreamUnavailable } from './upstream/upstream.ts';

const LOGIN: UpstreamLogin = {
  account: 'alice',
  labels: { groups: ['a', 'b'] },
  tokens: { refresh: 'refresh 1', subject: '1' },
};
const MINUTE_MS = 60_000;

function started(login: UpstreamLogin = LOGIN) {
  const upstream = new FakeUpstream(() => login);
  const database = new MemoryTokenDatabase();
  return { upstream, database, ...browserLoginUnderTest(upstream, { database }) };
}

const away = () => {
  throw new UpstreamUnavailable('connection refused');
};

describe('a generated password', () => {
  it('lets the account in, with the labels from the provider', async () => {
    const { logins, signedIn, clock } = started();
    const { text } = await signedIn();
    expect(await logins.authenticate({ account: 'alice', password: text })).toEqual({
      ...{ account: 'alice', labels: { groups: ['a', 'b'] }, isAdmin: false },
      ...{ proof: 'token', grant: text.slice(0, 11), untilMs: clock.now() + PASSWORD_LIFETIME_MS },
    });
  });

  it.each(['', 'x', 'bl_aaaaaaaa_', `bl_aaaaaaaa_${'a'.repeat(32)}`])('is not %j', async (password) => {
    const { logins, signedIn } = started();
    await signedIn();
    expect(await logins.authenticate({ account: 'alice', password })).toBe(
      password.length > 12 ? 'no-match' : 'wrong-password',
    );
    expect(await logins.authenticate({ account: 'bob', password })).toBe('no-match');
    expect(await logins.authenticate({ account: '', password })).toBe('no-match');
  });

  it('is of no use when any character of it is another, or for another account', async () => {
    const { logins, signedIn, upstream } = started();
    const { text } = await signedIn();
    for (let at = 0; at < text.length; at += 1) {
      const other = text.slice(0, at) + (text[at] === 'x' ? 'y' : 'x') + text.slice(at + 1);
      expect(await logins.authenticate({ account: 'alice', password: other })).toBeOneOf([
        'wrong-password',
        'no-match',
      ]);
    }
    upstream.answer = () => ({ ...LOGIN, account: 'bob' });
    await signedIn();
    expect(await logins.authenticate({ account: 'bob', password: text })).toBe('no-match');
  });

  it('ends when its time is over, while the provider goes on vouching', async () => {
    const { logins, signedIn, clock } = started();
    const { text } = await signedIn();
    clock.advance(PASSWORD_LIFETIME_MS - 1);
    expect(await logins.authenticate({ account: 'alice', password: text })).toMatchObject({
      account: 'alice',
    });
    expect(await logins.lookup('alice')).toMatchObject({ identity: { account: 'alice' } });
    clock.advance(1);
    expect(await logins.authenticate({ account: 'alice', password: text })).toBe('wrong-password');
    expect(await logins.lookup('alice')).toBe('gone');
  });

  it('neither it nor a token of the provider can be read in the database', async () => {
    const { signedIn, database } = started();
    const { text } = await signedIn();
    const document = database.documents.get('alice')?.document ?? '';
    expect(document).not.toContain(text);
    expect(document).not.toContain('refresh 1');
    expect(document).not.toContain(Buffer.from('refresh 1').toString('base64'));
  });

  it('lives beside others, and is revoked alone', async () => {
    const { logins, signIn, signedIn, clock } = started();
    const first = await signedIn();
    clock.advance(1);
    const second = await signedIn();
    expect(second.passwords.map(({ id }) => id)).toEqual([second.text.slice(3, 11), first.text.slice(3, 11)]);
    const revoked = await signIn.revoke(first.passwords[0]?.revocation ?? '');
    expect(revoked.passwords).toHaveLength(1);
    expect(await logins.authenticate({ account: 'alice', password: first.text })).toBe('no-match');
    expect(await logins.authenticate({ account: 'alice', password: second.text })).toMatchObject({
      account: 'alice',
    });
  });

  it('with the last one all that is kept of the account goes', async () => {
    const { signIn, signedIn, database, logins } = started();
    const { passwords } = await signedIn();
    await signIn.revoke(passwords[0]?.revocation ?? '');
    expect(database.documents.size).toBe(0);
    expect(await logins.lookup('alice')).toBe('gone');
  });

  it('can be revoked half an hour long, by what this service sealed', async () => {
    const { signIn, signedIn, clock } = started();
    const { passwords } = await signedIn();
    const revocation = passwords[0]?.revocation ?? '';
    const { ticket } = await signIn.begin();
    for (const wrong of ['', 'x', ticket, revocation.slice(0, -2)]) {
      await expect(signIn.revoke(wrong)).rejects.toThrow(/older than half an hour/);
    }
    clock.advance(31 * MINUTE_MS);
    await expect(signIn.revoke(revocation)).rejects.toThrow(/older than half an hour/);
  });

  it('there are fifty at most; the oldest goes', async () => {
    const { signedIn, logins } = started();
    const first = await signedIn();
    for (let n = 0; n < 50; n += 1) await signedIn();
    expect((await signedIn()).passwords).toHaveLength(50);
    expect(await logins.authenticate({ account: 'alice', password: first.text })).toBe('no-match');
  });
});

describe('asking the provider again', () => {
  it('happens when its answer is too old, with the token that it gave last', async () => {
    const { logins, signedIn, upstream, clock } = started();
    const { text } = await signedIn();
    const credentials = { account: 'alice', password: text };
    clock.advance(HOUR_MS - 1);
    await logins.authenticate(credentials);
    expect(upstream.renewals).toEqual([]);
    clock.advance(1);
    upstream.answer = () => ({
      ...LOGIN,
      labels: { groups: ['c'] },
      tokens: { refresh: 'refresh 2', subject: '1' },
    });
    expect(await logins.authenticate(credentials)).toMatchObject({ labels: { groups: ['c'] } });
    expect(await logins.authenticate(credentials)).toMatchObject({ labels: { groups: ['c'] } });
    clock.advance(HOUR_MS);
    expect(await logins.lookup('alice')).toMatchObject({ identity: { labels: { groups: ['c'] } } });
    expect(upstream.renewals.map(({ refresh }) => refresh)).toEqual(['refresh 1', 'refresh 2']);
  });

  it('happens once for many who log in at once, in several processes', async () => {
    const clock = new StoppedClock();
    const database = new MemoryTokenDatabase();
    const upstream = new FakeUpstream(() => LOGIN);
    const processes = Array.from({ length: 3 }, () => browserLoginUnderTest(upstream, { database, clock }));
    const { text = '' } = (await processes[0]?.signedIn()) ?? {};
    clock.advance(HOUR_MS);
    let count = 0;
    upstream.answer = async () => {
      count += 1;
      await new Promise((resolve) => setTimeout(resolve, 30));
      return { ...LOGIN, labels: { n: [String(count)] }, tokens: { refresh: `refresh ${count + 1}` } };
    };
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        processes[n % 3]?.logins.authenticate({ account: 'alice', password: text }),
      ),
    );
    expect(upstream.renewals).toHaveLength(1);
    for (const answer of answers) expect(answer).toMatchObject({ labels: { n: ['1'] } });
  });

  it('a process that died while it asked is followed by another', async () => {
    const { logins, signedIn, records, upstream, clock } = started();
    const { text } = await signedIn();
    clock.advance(HOUR_MS);
    await records.update(
      'alice',
      (record) => record && { ...record, claim: { by: 'x', untilMs: clock.now() + 500 } },
    );
    const late = setTimeout(() => clock.advance(600), 150);
    expect(await logins.authenticate({ account: 'alice', password: text })).toMatchObject({
      account: 'alice',
    });
    clearTimeout(late);
    expect(upstream.renewals).toHaveLength(1);
  });

  it('a password that is revoked meanwhile lets nobody in, and stays revoked', async () => {
    const { logins, signedIn, records, upstream, clock } = started();
    const first = await signedIn();
    const second = await signedIn();
    clock.advance(HOUR_MS);
    upstream.answer = async () => {
      await records.update(
        'alice',
        (record) =>
          record && { ...record, passwords: record.passwords.filter(({ id }) => !first.text.includes(id)) },
      );
      return LOGIN;
    };
    expect(await logins.authenticate({ account: 'alice', password: first.text })).toBe('wrong-password');
    expect(await logins.authenticate({ account: 'alice', password: first.text })).toBe('no-match');
    expect(await logins.authenticate({ account: 'alice', password: second.text })).toMatchObject({
      account: 'alice',
    });
  });

  it('an account that is gone is refused, and its record removed', async () => {
    const { logins, signedIn, upstream, clock, database, log } = started();
    const { text } = await signedIn();
    clock.advance(HOUR_MS);
    upstream.answer = () => {
      throw new UpstreamGone('invalid_grant');
    };
    expect(await logins.authenticate({ account: 'alice', password: text })).toBe('wrong-password');
    expect(database.documents.size).toBe(0);
    expect(log.at('info').at(-1)?.fields).toMatchObject({ account: 'alice', reason: 'invalid_grant' });
    upstream.answer = () => LOGIN;
    expect(await logins.authenticate({ account: 'alice', password: text })).toBe('no-match');
  });

  it('an account that has another name at the provider by now is gone', async () => {
    const { logins, signedIn, upstream, clock } = started();
    const { text } = await signedIn();
    clock.advance(HOUR_MS);
    upstream.answer = () => ({ ...LOGIN, account: 'bob' });
    expect(await logins.authenticate({ account: 'alice', password: text })).toBe('wrong-password');
    expect(await logins.lookup('bob')).toBe('gone');
  });

  it('a provider that is away is left alone for half a minute, counts ten minutes more, and then fails', async () => {
    const { logins, signedIn, upstream, clock, log, database } = started();
    const { text } = await signedIn();
    const credentials = { account: 'alice', password: text };
    clock.advance(HOUR_MS);
    upstream.answer = away;
    for (let n = 0; n < 5; n += 1) {
      expect(await logins.authenticate(credentials)).toMatchObject({ account: 'alice' });
    }
    expect(upstream.renewals).toHaveLength(1);
    expect(log.at('warn')).toHaveLength(1);
    clock.advance(31_000);
    await logins.authenticate(credentials);
    expect(upstream.renewals).toHaveLength(2);
    clock.advance(10 * MINUTE_MS);
    await expect(logins.authenticate(credentials)).rejects.toThrow(
      'oidc_auth: id.example.com cannot be asked whether the account may still log in: connection refused',
    );
    expect(database.documents.size).toBe(1);
    upstream.answer = () => LOGIN;
    expect(await logins.authenticate(credentials)).toMatchObject({ account: 'alice' });
  });

  it('a provider that fails after it gave another refresh token is asked with that one', async () => {
    const { logins, signedIn, upstream, clock } = started();
    const { text } = await signedIn();
    clock.advance(HOUR_MS);
    upstream.answer = () => {
      throw new UpstreamUnavailable('status 502', { refresh: 'refresh 2' });
    };
    await logins.authenticate({ account: 'alice', password: text });
    clock.advance(31_000);
    upstream.answer = () => LOGIN;
    await logins.authenticate({ account: 'alice', password: text });
    expect(upstream.renewals.map(({ refresh }) => refresh)).toEqual(['refresh 1', 'refresh 2']);
  });

  it('without a refresh token happens before the access token ends', async () => {
    const clock = new StoppedClock();
    const tokens = { access: 'access', accessUntilMs: clock.now() + 5 * MINUTE_MS };
    const upstream = new FakeUpstream(() => ({ ...LOGIN, tokens }));
    const { logins, signedIn } = browserLoginUnderTest(upstream, { clock });
    const { text, endsAtMs } = await signedIn();
    expect(endsAtMs).toBe(tokens.accessUntilMs);
    clock.advance(5 * MINUTE_MS);
    await logins.authenticate({ account: 'alice', password: text });
    expect(upstream.renewals).toEqual([tokens]);
  });

  it('tokens that another client secret sealed end the login', async () => {
    const { signedIn, database, clock, upstream } = started();
    const { text } = await signedIn();
    const other = browserLoginUnderTest(upstream, { database, clock, secret: 'another' });
    expect(await other.logins.authenticate({ account: 'alice', password: text })).toMatchObject({
      account: 'alice',
    });
    clock.advance(HOUR_MS);
    expect(await other.logins.authenticate({ account: 'alice', password: text })).toBe('wrong-password');
    expect(upstream.renewals).toEqual([]);
    expect(other.log.at('info').at(-1)?.fields['reason']).toMatch(/another client secret/);
  });
});

describe("docker_auth's record", () => {
  const record = async (validUntilMs: number) =>
    JSON.stringify({
      ...{ token_type: 'Bearer', access_token: 'old access', refresh_token: 'old refresh' },
      valid_until: new Date(validUntilMs).toISOString().replace('Z', '+00:00'),
      docker_password: await bcrypt('sixteenletters16', 4),
      labels: { groups: ['old'] },
    });

  it('lets its password in, is sealed then, and asked about when it is due', async () => {
    const { logins, database, clock, upstream } = started();
    await database.replace('alice', await record(clock.now() + MINUTE_MS), undefined);
    const wrong = { account: 'alice', password: 'sixteenletters17' };
    expect(await logins.authenticate(wrong)).toBe('wrong-password');
    expect(database.documents.get('alice')?.document).toContain('old refresh');
    const right = { account: 'alice', password: 'sixteenletters16' };
    expect(await logins.authenticate(right)).toMatchObject({ labels: { groups: ['old'] } });
    const rewritten = database.documents.get('alice')?.document ?? '';
    expect(rewritten).not.toMatch(/old (refresh|access)/);
    expect(JSON.parse(rewritten)).toMatchObject({ docker_password: expect.stringMatching(/^\$2/) });
    clock.advance(MINUTE_MS);
    expect(await logins.authenticate(right)).toMatchObject({ labels: { groups: ['a', 'b'] } });
    expect(upstream.renewals).toEqual([{ refresh: 'old refresh', access: 'old access' }]);
    clock.advance(PASSWORD_LIFETIME_MS);
    expect(await logins.authenticate(right)).toBe('wrong-password');
  });

  it('keeps its password beside the new ones, until it is revoked', async () => {
    const { logins, database, clock, signIn, signedIn } = started();
    await database.replace('alice', await record(clock.now() + MINUTE_MS), undefined);
    const { legacy } = await signedIn();
    const right = { account: 'alice', password: 'sixteenletters16' };
    expect(await logins.authenticate(right)).toMatchObject({ account: 'alice' });
    await signIn.revoke(legacy?.revocation ?? '');
    expect(await logins.authenticate(right)).toBe('wrong-password');
  });

  it('that is of another section is not ours, and is not overwritten', async () => {
    const { database, signedIn, clock, upstream } = started();
    const { text } = await signedIn();
    const other = browserLoginUnderTest(upstream, { database, clock, section: 'github_auth' });
    expect(await other.logins.authenticate({ account: 'alice', password: text })).toBe('no-match');
    await expect(other.signedIn()).rejects.toThrow(/holds "alice" for oidc_auth/);
  });

  it('that is damaged is an error that names the account', async () => {
    const { database, logins } = started();
    await database.replace('alice', '{', undefined);
    await expect(logins.authenticate({ account: 'alice', password: 'x' })).rejects.toThrow(
      /record of "alice" is damaged/,
    );
  });
});
