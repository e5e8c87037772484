import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TooManyLogins } from './slots.ts';
import { type Attempt, Throttle, USUAL_THROTTLE } from './throttle.ts';

class Stage {
  nowMs = 1_000_000;
  readonly throttle = new Throttle(USUAL_THROTTLE, { now: () => this.nowMs });

  /** @returns the attempt, or so many seconds to wait */
  admit(account: string, password: string, address: string | undefined): Attempt | number {
    try {
      return this.throttle.admit({ account, password }, address);
    } catch (error) {
      if (error instanceof TooManyLogins) return error.retryAfterSeconds;
      throw error;
    }
  }

  /** @returns whether it was checked at all */
  fails(account: string, password: string, address: string | undefined): boolean {
    const attempt = this.admit(account, password, address);
    if (typeof attempt === 'number') return false;
    attempt.failed();
    return true;
  }

  succeeds(account: string, address: string): boolean {
    const attempt = this.admit(account, 'right', address);
    if (typeof attempt === 'number') return false;
    attempt.succeeded();
    return true;
  }
}

const { failures, maxDelayMs, forgetMs } = USUAL_THROTTLE;
const OWNER = '192.0.2.1';

describe('the throttle', () => {
  it('lets few failures pass, then makes each wait twice as long, and says how long', () => {
    const stage = new Stage();
    const waits: unknown[] = [];
    for (let guess = 0; guess < failures + 4; guess += 1) {
      const first = stage.admit('bob', `wrong ${guess}`, OWNER);
      if (typeof first === 'number') {
        waits.push(first);
        stage.nowMs += first * 1_000 - 1;
        expect(stage.admit('bob', `early ${guess}`, OWNER)).toBe(1);
        stage.nowMs += 1;
      }
      expect(stage.fails('bob', `again ${guess}`, OWNER) || typeof first !== 'number').toBe(true);
      if (typeof first !== 'number') first.failed();
    }
    expect(waits.slice(0, 3)).toEqual([1, 2, 4]);
  });

  it('counts the same wrong password once, as containerd sends it by POST and then by GET', () => {
    const stage = new Stage();
    for (let guess = 0; guess < failures; guess += 1) {
      for (const _ of ['POST', 'GET', 'GET']) {
        stage.nowMs += 10;
        expect(stage.fails('bob', `wrong ${guess}`, OWNER)).toBe(true);
      }
    }
    expect(stage.admit('bob', 'another', OWNER)).toBe(1);
  });

  it('forgets', () => {
    const stage = new Stage();
    for (let guess = 0; guess < 50; guess += 1) stage.fails('bob', `wrong ${guess}`, OWNER);
    expect(typeof stage.admit('bob', 'x', OWNER)).toBe('number');
    stage.nowMs += forgetMs;
    for (let guess = 0; guess < failures; guess += 1) {
      expect(stage.fails('bob', `later ${guess}`, OWNER)).toBe(true);
    }
  });

  it('lets one address no more guesses in than its delays allow, however it spreads them over time', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 120_000 }), { maxLength: 400 }), (gaps) => {
        const stage = new Stage();
        const beganMs = stage.nowMs;
        let checked = 0;
        for (const [guess, gap] of gaps.entries()) {
          stage.nowMs += gap;
          if (stage.fails('bob', `wrong ${guess}`, OWNER)) checked += 1;
        }
        const elapsed = stage.nowMs - beganMs;
        // Ten doublings lead from a second to the longest delay.
        expect(checked).toBeLessThanOrEqual(failures + 11 + elapsed / maxDelayMs);
        const doublings = Math.floor(Math.log2(elapsed / 1_000 + 1)) + 1;
        expect(checked).toBeLessThanOrEqual(failures + doublings + elapsed / maxDelayMs);
      }),
    );
  });

  it('never keeps an owner out for what strangers elsewhere do', () => {
    const stranger = fc.oneof(
      fc.ipV4().filter((address) => !address.startsWith('192.0.2.')),
      fc.ipV6().filter((address) => !address.includes('.')),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(stranger, fc.string(), fc.integer({ min: 0, max: 5_000 })), { maxLength: 300 }),
        fc.boolean(),
        (guesses, wasHere) => {
          const stage = new Stage();
          if (wasHere) expect(stage.succeeds('bob', OWNER)).toBe(true);
          for (const [address, password, gap] of guesses) {
            stage.nowMs += gap;
            stage.fails('bob', password, address);
          }
          expect(stage.succeeds('bob', OWNER)).toBe(true);
        },
      ),
    );
  });

  it('holds up one address, and one network, that tries many accounts; who logged in there before is not', () => {
    const stage = new Stage();
    stage.succeeds('alice', '198.51.100.7');
    let checked = 0;
    for (let account = 0; account < 500; account += 1) {
      if (stage.fails(`user${account}`, 'Winter2026', '198.51.100.7')) checked += 1;
    }
    expect(checked).toBe(failures * 4);
    expect(stage.succeeds('alice', '198.51.100.7')).toBe(true);
    for (let account = 0; account < 500; account += 1) {
      if (stage.fails(`other${account}`, 'Winter2026', `198.51.100.${account % 250}`)) checked += 1;
    }
    expect(checked).toBeLessThanOrEqual(failures * 20);
    // An IPv6 client has a whole network of 64 bits.
    const v6 = new Stage();
    let guesses = 0;
    for (let host = 0; host < 500; host += 1) {
      if (v6.fails('bob', `p${host}`, `2001:db8::${host.toString(16)}`)) guesses += 1;
    }
    expect(guesses).toBe(failures);
  });

  it('holds up an account that is tried from everywhere by those that failed before', () => {
    const stage = new Stage();
    let checked = 0;
    for (let round = 0; round < 4; round += 1) {
      for (let net = 0; net < 200; net += 1) {
        if (stage.fails('bob', `wrong ${round}`, `10.${net}.0.1`)) checked += 1;
      }
    }
    expect(checked).toBeLessThanOrEqual(200 + 2);
  });

  it('lets no more guesses in at once than one after the other', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), (steps) => {
        const stage = new Stage();
        const underWay: Attempt[] = [];
        let checked = 0;
        for (const [guess, isNew] of steps.entries()) {
          if (isNew) {
            const attempt = stage.admit('bob', `wrong ${guess}`, OWNER);
            if (typeof attempt === 'number') continue;
            checked += 1;
            underWay.push(attempt);
          } else underWay.shift()?.failed();
        }
        expect(checked).toBeLessThanOrEqual(failures);
      }),
    );
  });

  it('lets any number of requests with the same password through, as docker push makes them', () => {
    const stage = new Stage();
    const attempts = Array.from({ length: 50 }, () => stage.admit('bob', 'right', OWNER));
    expect(attempts.filter((attempt) => typeof attempt === 'number')).toEqual([]);
    for (const attempt of attempts) if (typeof attempt !== 'number') attempt.succeeded();
  });

  it('counts nothing of what could not be decided, and of success', () => {
    const stage = new Stage();
    for (let login = 0; login < 50; login += 1) {
      const attempt = stage.admit('bob', `p${login}`, OWNER);
      if (typeof attempt === 'number') throw new Error('was held up');
      if (login % 2 === 0) attempt.abandoned();
      else attempt.succeeded();
    }
  });

  it('stays small, whoever comes', { timeout: 20_000 }, () => {
    const stage = new Stage();
    for (let guess = 0; guess < 30_000; guess += 1) {
      stage.fails(`user${guess}`, 'x', `2001:db8:${(guess & 0xffff).toString(16)}:${guess >> 8}::1`);
    }
    expect(stage.throttle.size).toBeLessThanOrEqual(100_000);
    expect(stage.throttle.size).toBeGreaterThan(10_000);
  });
});
