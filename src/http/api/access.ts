import { isAccessToken } from '../../auth/accounts/secrets.ts';
import { AuthenticationFailed, type TokenAnswers } from '../../auth/token-service.ts';
import { type Access, covers, parseScopes } from '../../oci/scope.ts';
import { basicCredentials, isTooLong } from '../basic-credentials.ts';
import { HttpError } from '../http-error.ts';
import { loginRefusal } from '../login-refusal.ts';
import { auditOriginOf, type HttpRequest } from '../message.ts';
import type { AccessControl } from '../v2/access.ts';

/** What whoever uses the admin API must be allowed. */
export const ADMIN: Access = { type: 'registry', name: 'admin', actions: ['*'] };

/** Decides who may use the admin API. */
export interface AdminAccess {
  /** @returns the account @throws HttpError 401 */
  check(request: HttpRequest): Promise<string>;
  /** Whoever has an account, with its password. @returns the account @throws HttpError 401 */
  self(request: HttpRequest): Promise<string>;
}

/**
 * Whoever the registry lets do everything: with a token that says so, or, where the registry has a token service of its
 * own, with the name and password for which that would make such a token.
 */
export class RegistryAdminAccess implements AdminAccess {
  readonly #control: AccessControl;
  readonly #service: TokenAnswers | undefined;

  constructor(options: { control: AccessControl; service: TokenAnswers | undefined }) {
    this.#control = options.control;
    this.#service = options.service;
  }

  async check(request: HttpRequest): Promise<string> {
    const credentials = basicCredentials(request.headers['authorization']);
    if (this.#service === undefined || credentials === undefined) {
      return (await this.#control.check(request, [ADMIN])).account;
    }
    if (credentials === 'malformed' || isTooLong(credentials)) throw new HttpError('UNAUTHORIZED', {});
    const answer = await this.#service
      .answer({
        ...{ credentials, scopes: [ADMIN], service: '', address: request.remoteAddress },
        origin: auditOriginOf(request),
      })
      .catch((error: unknown) => {
        throw refusal(error);
      });
    if (covers(parseScopes([answer.scope]), ADMIN)) return answer.subject;
    throw new HttpError('INSUFFICIENT_SCOPE', {}, { message: `${answer.subject} is no administrator` });
  }

  async self(request: HttpRequest): Promise<string> {
    const credentials = basicCredentials(request.headers['authorization']);
    // A token, which may be in wrong hands, must not turn itself into another or into a password.
    if (
      this.#service === undefined ||
      credentials === undefined ||
      credentials === 'malformed' ||
      isTooLong(credentials) ||
      isAccessToken(credentials.password)
    ) {
      throw new HttpError('UNAUTHORIZED', {}, { message: 'this takes the name and password of an account' });
    }
    const asked = {
      ...{ credentials, scopes: [], service: '', address: request.remoteAddress },
      origin: auditOriginOf(request),
    };
    const { subject } = await this.#service.answer(asked).catch((error: unknown) => {
      throw refusal(error);
    });
    return subject;
  }
}

function refusal(error: unknown): unknown {
  // Without a challenge: a browser would ask for a password, and send it from then on for whichever page wants it.
  if (error instanceof AuthenticationFailed) {
    return new HttpError('UNAUTHORIZED', {}, { message: error.message, cause: error });
  }
  return loginRefusal(error);
}
