import type { LoginFilter, LoginIndex, LoginRecord } from '../../index/logins.ts';
import type { Clock } from '../../ports.ts';

/** A login as it may be shown: without what proves it. */
export type ShownLogin = Pick<
  LoginRecord,
  'id' | 'account' | 'provider' | 'service' | 'clientId' | 'createdAtMs' | 'usedAtMs' | 'expiresAtMs'
>;

/** The logins that clients keep, for whoever administers them. */
export class KeptLogins {
  readonly #index: LoginIndex;
  readonly #clock: Clock;

  constructor(index: LoginIndex, clock: Clock) {
    this.#index = index;
    this.#clock = clock;
  }

  /** Those that go on, the latest used first. @param account undefined: to all accounts */
  async list(
    account: string | undefined,
    page: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<ShownLogin[]> {
    const found = await this.#index.list({ account }, this.#clock.now(), page);
    return found.map(({ id, provider, service, clientId, createdAtMs, usedAtMs, expiresAtMs, ...login }) => ({
      ...{ id, account: login.account, provider, service, clientId, createdAtMs, usedAtMs, expiresAtMs },
    }));
  }

  /** Ends them, with the tokens that they brought. @returns how many went on until now */
  end(which: LoginFilter, why: string): Promise<number> {
    return this.#index.end(which, why, this.#clock.now());
  }
}
