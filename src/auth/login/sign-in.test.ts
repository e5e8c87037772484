import { describe, expect, it } from 'vitest';
import { browserLoginUnderTest } from '../../../test/support/browser-login.ts';
import { StoppedClock } from '../../../test/support/clock.ts';
import { FakeUpstream } from '../../../test/support/fake-upstream.ts';
import { TooManyLogins } from '../slots.ts';
import { Throttle, USUAL_THROTTLE } from '../throttle.ts';
import { SignInRefused, type UpstreamLogin } from './upstream/upstream.ts';

const LOGIN: UpstreamLogin = { account: 'alice', labels: {}, tokens: { refresh: 'r' } };

function started(secret?: string) {
  const upstream = new FakeUpstream(() => LOGIN);
  return { upstream, ...browserLoginUnderTest(upstream, secret === undefined ? {} : { secret }) };
}

const answer = (state: string, code = 'code') => new URLSearchParams({ state, code });

describe('a sign-in', () => {
  it('leads in with the ticket and the state that it began with', async () => {
    const { signIn, upstream } = started();
    const { state, ticket, url } = await signIn.begin();
    expect(url.searchParams.get('state')).toBe(state);
    expect(await signIn.complete(answer(state), ticket)).toMatchObject({ account: 'alice' });
    expect(upstream.codes).toEqual(['code']);
  });

  it('may begin on one replica and end on another', async () => {
    const { state, ticket } = await started().signIn.begin();
    expect(await started().signIn.complete(answer(state), ticket)).toMatchObject({ account: 'alice' });
  });

  it('asks the provider nothing where anything does not belong to it', async () => {
    const { signIn, upstream, clock } = started();
    const one = await signIn.begin();
    const other = await signIn.begin();
    const foreign = await started('another secret').signIn.begin();
    const twice = new URLSearchParams([
      ['state', one.state],
      ['state', one.state],
      ['code', 'code'],
    ]);
    for (const [parameters, ticket] of [
      [answer(one.state), undefined],
      [answer(one.state), ''],
      [answer(one.state), other.ticket],
      [answer(other.state), one.ticket],
      [answer(''), one.ticket],
      [new URLSearchParams({ code: 'code' }), one.ticket],
      [twice, one.ticket],
      [answer(foreign.state), foreign.ticket],
      [answer(one.state), `${one.ticket.slice(0, -1)}${one.ticket.endsWith('A') ? 'B' : 'A'}`],
    ] as const) {
      await expect(signIn.complete(parameters, ticket)).rejects.toThrow(/did not begin in this browser/);
    }
    clock.advance(10 * 60_000);
    await expect(signIn.complete(answer(one.state), one.ticket)).rejects.toThrow(/longer than ten minutes/);
    expect(upstream.codes).toEqual([]);
  });

  it('ends once, also where the first end failed', async () => {
    const { signIn, upstream } = started();
    const { state, ticket } = await signIn.begin();
    upstream.answer = () => {
      throw new Error('failed');
    };
    await expect(signIn.complete(answer(state), ticket)).rejects.toThrow('failed');
    upstream.answer = () => LOGIN;
    await expect(signIn.complete(answer(state), ticket)).rejects.toThrow(/was used before/);
    expect(upstream.codes).toHaveLength(1);
  });

  it('is held up where the codes of an address are refused again and again, and nowhere else', async () => {
    const clock = new StoppedClock();
    const upstream = new FakeUpstream(() => LOGIN);
    const throttle = new Throttle(USUAL_THROTTLE, clock);
    const { signIn } = browserLoginUnderTest(upstream, { clock, throttle });
    const attempt = async (address: string) => {
      const { state, ticket } = await signIn.begin();
      return signIn.complete(answer(state), ticket, address);
    };
    upstream.answer = () => {
      throw new SignInRefused('no such code');
    };
    let asked = 0;
    for (; asked < 50; asked += 1) {
      const error: unknown = await attempt('192.0.2.1').catch((thrown: unknown) => thrown);
      if (error instanceof TooManyLogins) break;
      expect(error).toBeInstanceOf(SignInRefused);
    }
    expect(asked).toBe(4 * USUAL_THROTTLE.failures);
    expect(upstream.codes, 'the identity provider is left alone').toHaveLength(asked);
    upstream.answer = () => LOGIN;
    expect(await attempt('198.51.100.7')).toMatchObject({ account: 'alice' });
    clock.advance(USUAL_THROTTLE.delayMs);
    expect(await attempt('192.0.2.1')).toMatchObject({ account: 'alice' });
  });

  it('has nothing in its ticket that can be read', async () => {
    const { signIn } = started();
    const { state, ticket } = await signIn.begin();
    const bytes = Buffer.from(ticket, 'base64url').toString('latin1');
    expect(bytes).not.toContain(state);
    expect(bytes).not.toContain('nonce');
  });
});
