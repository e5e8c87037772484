import type { AuditOutcome } from '../ports.ts';
import { BoundedMap } from './bounded-map.ts';
import type { LoginGuard } from './guarded-tokens.ts';
import type { Credentials, Identity } from './identity/provider.ts';
import { TooManyLogins } from './slots.ts';
import type { RequestOrigin } from './token-service.ts';

/** With Basic, each request logs in again; so long it counts as the same login. */
const SAME_LOGIN_MS = 5 * 60_000;
const MAX_ENTRIES = 10_000;

/** Accounts whose passwords come with every request. */
export interface PasswordAccounts {
  authenticate(credentials: Credentials): Promise<Identity | 'no-match' | 'wrong-password'>;
}

/** Holds up whoever guesses passwords, and notes who logged in. */
export class GuardedAccounts {
  readonly #accounts: PasswordAccounts;
  readonly #guard: LoginGuard | undefined;
  readonly #noted = new BoundedMap<number>(MAX_ENTRIES);

  constructor(accounts: PasswordAccounts, guard: LoginGuard | undefined) {
    this.#accounts = accounts;
    this.#guard = guard;
  }

  /** @returns undefined where the password is wrong @throws TooManyLogins */
  async login(
    credentials: Credentials,
    address: string | undefined,
    origin: RequestOrigin,
  ): Promise<Identity | undefined> {
    const note = (outcome: AuditOutcome, reason?: string): void => {
      this.#guard?.metrics?.counter('berth_logins_total', { by: 'basic', outcome }).add();
      this.#note(outcome, { account: credentials.account, address, ...origin, reason });
    };
    try {
      const attempt = this.#guard?.throttle?.admit(credentials, address);
      const identity = await this.#accounts.authenticate(credentials).catch((error: unknown) => {
        attempt?.abandoned();
        throw error;
      });
      if (typeof identity === 'string') {
        attempt?.failed();
        note('wrong-credentials', 'wrong user name or password');
        return undefined;
      }
      attempt?.succeeded();
      note('granted');
      return identity;
    } catch (error) {
      if (error instanceof TooManyLogins) note('throttled', error.message);
      throw error;
    }
  }

  #note(
    outcome: AuditOutcome,
    who: RequestOrigin & { account: string; address: string | undefined; reason: string | undefined },
  ): void {
    if (this.#guard?.audit === undefined) return;
    const { audit, clock } = this.#guard;
    const { reason, ...rest } = who;
    const atMs = clock.now();
    if (outcome === 'granted') {
      const key = JSON.stringify([who.account, who.address, who.userAgent]);
      const before = this.#noted.get(key);
      if (before !== undefined && atMs - before < SAME_LOGIN_MS) return;
      this.#noted.set(key, atMs);
    }
    audit.record({ kind: 'login', outcome, atMs, ...rest, ...(reason !== undefined && { reason }) });
  }
}
