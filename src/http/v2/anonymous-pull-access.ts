import type { GuardedAccounts } from '../../auth/guarded-accounts.ts';
import type { HtpasswdAccounts } from '../../auth/identity/htpasswd-accounts.ts';
import type { TokenVerifier } from '../../auth/token/verify.ts';
import type { Access } from '../../oci/scope.ts';
import { basicCredentials } from '../basic-credentials.ts';
import type { HttpRequest } from '../message.ts';
import { type AccessControl, type Caller, type GoesOn, TokenAccess } from './access.ts';
import { accountOf } from './basic-access.ts';
import { challenge } from './challenge.ts';

/** What it is made of. */
export interface AnonymousPullOptions {
  readonly accounts: HtpasswdAccounts;
  /** The same accounts, for whoever brings a password. */
  readonly logins: GuardedAccounts;
  readonly verifier: TokenVerifier;
  readonly service: string;
  /** The token service's address, as this client can reach it. */
  readonly realm: (request: HttpRequest) => string;
}

/**
 * Everybody may pull; whoever has an account may do everything.
 *
 * The challenge is Bearer, not Basic. A client learns from `GET /v2/` how to log in: docker takes an answer of 200 for
 * a registry without accounts and then sends no password ever; on a Basic challenge it refuses to go on without one. A
 * token it asks for either way: with its password where it has one, and otherwise for an anonymous one. A name and
 * password that come unasked are taken, too.
 */
export class AnonymousPullAccess implements AccessControl {
  readonly #options: AnonymousPullOptions;
  readonly #tokens: TokenAccess;

  constructor(options: AnonymousPullOptions) {
    this.#options = options;
    this.#tokens = new TokenAccess(options);
  }

  async check(request: HttpRequest, required: readonly Access[], goesOn?: GoesOn): Promise<Caller> {
    const { accounts, logins, realm, service } = this.#options;
    const header = request.headers['authorization'];
    // containerd and curl do not ask /v2/ first: they need no token to pull.
    if (header === undefined && isPull(required)) return { account: '', granted: required };
    if (basicCredentials(header) !== undefined) {
      const account = await accountOf(logins, request);
      if (account !== undefined) return { account, granted: 'everything' };
      throw challenge({ realm: realm(request), service, required });
    }
    const caller = await this.#tokens.check(request, required, goesOn);
    if (caller.account === '') return caller;
    if (accounts.has(caller.account)) return { ...caller, granted: 'everything' };
    throw challenge(
      { realm: realm(request), service, required },
      { error: 'invalid_token', message: 'the account of the token is no longer in the htpasswd file' },
    );
  }
}

function isPull(required: readonly Access[]): boolean {
  return (
    required.length > 0 &&
    required.every(
      ({ type, actions }) => type === 'repository' && actions.every((action) => action === 'pull'),
    )
  );
}
