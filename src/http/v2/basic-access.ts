import type { GuardedAccounts } from '../../auth/guarded-accounts.ts';
import type { Access } from '../../oci/scope.ts';
import { basicCredentials, isTooLong } from '../basic-credentials.ts';
import { quotedHeaderText } from '../header-text.ts';
import { HttpError } from '../http-error.ts';
import { loginRefusal } from '../login-refusal.ts';
import { auditOriginOf, type HttpRequest } from '../message.ts';
import type { AccessControl, Caller } from './access.ts';
import { recordsOf } from './challenge.ts';

/** Asks for the name and password of an account; whoever has one may do everything. */
export class BasicAccess implements AccessControl {
  readonly #accounts: GuardedAccounts;
  readonly #realm: string;

  constructor(options: { accounts: GuardedAccounts; realm: string }) {
    this.#accounts = options.accounts;
    this.#realm = options.realm;
  }

  async check(request: HttpRequest, required: readonly Access[]): Promise<Caller> {
    const account = await accountOf(this.#accounts, request);
    if (account !== undefined) return { account, granted: 'everything' };
    throw new HttpError(
      'UNAUTHORIZED',
      { 'WWW-Authenticate': `Basic realm=${quotedHeaderText(this.#realm)}` },
      { detail: recordsOf(required) },
    );
  }
}

/**
 * The account whose name and password a request brings; undefined where it brings none, or wrong ones.
 * @throws HttpError TOOMANYREQUESTS
 */
export async function accountOf(
  accounts: GuardedAccounts,
  request: HttpRequest,
): Promise<string | undefined> {
  const credentials = basicCredentials(request.headers['authorization']);
  if (credentials === undefined || credentials === 'malformed' || isTooLong(credentials)) return undefined;
  try {
    const identity = await accounts.login(credentials, request.remoteAddress, auditOriginOf(request));
    return identity?.account;
  } catch (error) {
    throw loginRefusal(error);
  }
}
