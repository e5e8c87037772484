import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RevocationKind } from '../../index/revocations.ts';
import type { Clock, Logger } from '../../ports.ts';
import { Unreachable } from '../unreachable.ts';
import type { LoginRecords, VersionedRecord } from './login-records.ts';
import type { LoginRecord } from './record.ts';
import { type Upstream, UpstreamGone, type UpstreamLogin, UpstreamUnavailable } from './upstream/upstream.ts';

/** So long a record counts on although the identity provider cannot be asked. */
const GRACE_MS = 10 * 60_000;
/** So long it is left alone after it could not be asked for an account, where that account may log in meanwhile. */
const PAUSE_MS = 30_000;
const LOOK_AGAIN_MS = 100;
const MAX_PAUSES = 10_000;

/** The identity provider has to be asked, and cannot be. */
export class IdentityProviderAway extends Unreachable {
  constructor(section: string, title: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`${section}: ${title} cannot be asked whether the account may still log in: ${why}`);
    this.name = 'IdentityProviderAway';
  }
}

/** What a renewal needs. */
export interface RenewalParts {
  readonly records: LoginRecords;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly log: Logger;
  /** Makes void what was issued; undefined where no registry would hear of it. */
  readonly revoke?: ((kind: RevocationKind, name: string) => Promise<void>) | undefined;
  /** How long an answer of the identity provider holds. */
  readonly revalidateAfterMs: number;
  /** The longest that asking it takes, all in all. */
  readonly patienceMs: number;
}

/** When the identity provider has to be asked again: in time for a token that ends. */
export function dueAt({ tokens }: UpstreamLogin, nowMs: number, revalidateAfterMs: number): number {
  const endsAtMs = tokens.refresh === undefined ? tokens.accessUntilMs : undefined;
  return Math.min(nowMs + revalidateAfterMs, endsAtMs ?? Number.POSITIVE_INFINITY);
}

/**
 * Asks the identity provider again about accounts whose last answer is too old. One process does so for an account at a
 * time, however many share the token database: the provider may change the refresh token at each use, and take the
 * second use of one for theft.
 */
export class Renewal {
  readonly #parts: RenewalParts;
  readonly #underWay = new Map<string, Promise<LoginRecord | undefined>>();
  readonly #pausedUntilMs = new Map<string, number>();

  constructor(parts: RenewalParts) {
    this.#parts = parts;
  }

  /**
   * @returns the record as it holds now; undefined where the account may no longer log in
   * @throws IdentityProviderAway
   */
  async confirm(account: string, record: LoginRecord): Promise<LoginRecord | undefined> {
    if (this.#isFresh(record)) return record;
    const isPaused = this.#parts.clock.now() < (this.#pausedUntilMs.get(account) ?? 0);
    if (isPaused && this.#isInGrace(record)) return record;
    let running = this.#underWay.get(account);
    if (running === undefined) {
      running = this.#renew(account).finally(() => this.#underWay.delete(account));
      this.#underWay.set(account, running);
    }
    return running;
  }

  /** An answer holds no longer than the configuration says now, whatever it said when the answer came. */
  #isFresh(record: LoginRecord): boolean {
    const { clock, revalidateAfterMs } = this.#parts;
    return clock.now() < record.dueAtMs && record.dueAtMs <= clock.now() + revalidateAfterMs;
  }

  #isInGrace(record: LoginRecord): boolean {
    return this.#parts.clock.now() < record.dueAtMs + GRACE_MS;
  }

  async #renew(account: string): Promise<LoginRecord | undefined> {
    const claimed = await this.#claim(account);
    if (claimed === undefined || this.#isFresh(claimed.record)) return claimed?.record;
    const { upstream } = this.#parts;
    const { tokens } = claimed.record;
    let login: UpstreamLogin;
    try {
      if (tokens === undefined) {
        throw new UpstreamGone('its tokens were kept under another client secret, and cannot be read');
      }
      login = await upstream.renew(tokens);
      if (login.account !== account) {
        throw new UpstreamGone(`it is ${JSON.stringify(login.account)} at ${upstream.title} by now`);
      }
    } catch (error) {
      return error instanceof UpstreamGone
        ? this.#drop(account, error)
        : this.#endure(account, claimed, error);
    }
    return this.#keep(account, login);
  }

  /** Waits while another process is at it. @returns the record as it then is */
  async #claim(account: string): Promise<VersionedRecord | undefined> {
    const { records, clock, patienceMs } = this.#parts;
    const by = randomUUID();
    const givenUpAt = performance.now() + 2 * patienceMs;
    for (;;) {
      const found = await records.find(account);
      if (found === undefined || this.#isFresh(found.record)) return found;
      const { claim } = found.record;
      if (claim === undefined || clock.now() >= claim.untilMs) {
        const mine = { ...found.record, claim: { by, untilMs: clock.now() + patienceMs } };
        const claimed = await records.replace(account, mine, found.version);
        if (claimed !== undefined) return claimed;
      }
      if (performance.now() > givenUpAt) return found;
      await sleep(LOOK_AGAIN_MS);
    }
  }

  /** What else was changed meanwhile, such as a password that was revoked, stays changed. */
  async #keep(account: string, login: UpstreamLogin): Promise<LoginRecord | undefined> {
    const { records, clock, revalidateAfterMs } = this.#parts;
    this.#pausedUntilMs.delete(account);
    const { labels, tokens } = login;
    return records.update(
      account,
      (record) =>
        record && {
          ...{ ...record, labels, claim: undefined },
          // Somebody who signed in meanwhile brought newer tokens.
          ...(!this.#isFresh(record) && { tokens, dueAtMs: dueAt(login, clock.now(), revalidateAfterMs) }),
        },
    );
  }

  async #drop(account: string, gone: UpstreamGone): Promise<LoginRecord | undefined> {
    const { records, log, upstream, revoke } = this.#parts;
    // A record that became fresh meanwhile is of somebody who signed in again.
    const record = await records.update(account, (found) =>
      found !== undefined && this.#isFresh(found) ? found : undefined,
    );
    if (record === undefined) {
      await revoke?.('account', account);
      log.info('an account may no longer log in: its identity provider does not vouch for it any more', {
        ...{ section: records.section, provider: upstream.title, account, reason: gone.message },
      });
    }
    return record;
  }

  async #endure(account: string, claimed: VersionedRecord, error: unknown): Promise<LoginRecord> {
    const { records, log, upstream, clock } = this.#parts;
    const given = error instanceof UpstreamUnavailable ? error.tokens : undefined;
    const released = { ...claimed.record, tokens: given ?? claimed.record.tokens, claim: undefined };
    await records.replace(account, released, claimed.version);
    const away = new IdentityProviderAway(records.section, upstream.title, error);
    if (!this.#isInGrace(claimed.record)) throw away;
    log.warn('the identity provider cannot be asked; what it said last counts for ten minutes more', {
      ...{ section: records.section, provider: upstream.title, account, reason: away.message },
    });
    if (this.#pausedUntilMs.size >= MAX_PAUSES) this.#pausedUntilMs.clear();
    this.#pausedUntilMs.set(account, clock.now() + PAUSE_MS);
    return claimed.record;
  }
}
