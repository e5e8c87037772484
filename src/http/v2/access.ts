import type { Revoked } from '../../auth/token/revoked.ts';
import { TokenRejected } from '../../auth/token/trust.ts';
import { TokenExpired, type TokenVerifier, type VerifiedToken } from '../../auth/token/verify.ts';
import { type Access, covers } from '../../oci/scope.ts';
import type { HttpRequest } from '../message.ts';
import { challenge } from './challenge.ts';

/** Who sent a request that was let through. */
export interface Caller {
  /** Empty where nobody logged in. */
  readonly account: string;
  /** All that the caller may do, beyond what this request needs. */
  readonly granted: 'everything' | readonly Access[];
  /** SHA-256 of the token that was shown, in hex; undefined where it was none. */
  readonly tokenDigest?: string | undefined;
}

/** Whether a request goes on with what was begun with a certain token. */
export type GoesOn = (tokenDigest: string) => Promise<boolean>;

/** For so long after its token has expired, an upload that was begun with it can be gone on with. */
export const UPLOAD_GRACE_MS = 24 * 3_600_000;

/** The repositories that a caller may pull from. */
export function pullableBy({ granted }: Caller): 'any' | readonly string[] {
  if (granted === 'everything') return 'any';
  return granted
    .filter(({ type, name }) => type === 'repository' && covers(granted, { type, name, actions: ['pull'] }))
    .map(({ name }) => name);
}

/** Decides, before any handler, whether a request may do what it asks for. */
export interface AccessControl {
  /**
   * @param goesOn of a request about an upload: an expired token is good for what it began
   * @throws HttpError 401, with the way to a token
   */
  check(request: HttpRequest, required: readonly Access[], goesOn?: GoesOn): Promise<Caller>;
}

/** Lets everybody do everything, as a distribution configuration without `auth` asks for. */
export const OPEN_ACCESS: AccessControl = {
  async check() {
    return { account: '', granted: 'everything' };
  },
};

const BEARER = /^bearer +([\w.~+/=-]+)$/i;

/** Asks for a token that covers the request. */
export class TokenAccess implements AccessControl {
  readonly #verifier: TokenVerifier;
  readonly #service: string;
  readonly #realm: (request: HttpRequest) => string;
  readonly #revoked: Revoked | undefined;

  /**
   * @param options.realm the token service's address, as this client can reach it
   * @param options.revoked undefined where the issuer of the tokens cannot take them back
   */
  constructor(options: {
    verifier: TokenVerifier;
    service: string;
    realm: (request: HttpRequest) => string;
    revoked?: Revoked;
  }) {
    this.#verifier = options.verifier;
    this.#service = options.service;
    this.#realm = options.realm;
    this.#revoked = options.revoked;
  }

  async check(request: HttpRequest, required: readonly Access[], goesOn?: GoesOn): Promise<Caller> {
    const header = request.headers['authorization'];
    const token = header === undefined ? undefined : BEARER.exec(header)?.[1];
    const parameters = { realm: this.#realm(request), service: this.#service, required };
    if (token === undefined) throw challenge(parameters);
    const verified = await this.#verify(token, goesOn).catch((error: unknown) => {
      if (!(error instanceof TokenRejected)) throw error;
      throw challenge(parameters, { error: 'invalid_token', message: error.message, cause: error });
    });
    if (await this.#revoked?.isRevoked(verified)) {
      throw challenge(parameters, { error: 'invalid_token', message: 'the token was revoked' });
    }
    if (!required.every((access) => covers(verified.access, access))) {
      throw challenge(parameters, {
        error: 'insufficient_scope',
        message: insufficient(verified, required),
      });
    }
    return { account: verified.subject, granted: verified.access, tokenDigest: verified.digest };
  }

  /** @throws TokenRejected */
  async #verify(token: string, goesOn: GoesOn | undefined): Promise<VerifiedToken> {
    try {
      return await this.#verifier.verify(token);
    } catch (error) {
      if (!(error instanceof TokenExpired) || goesOn === undefined) throw error;
      const isInTime = error.expiredForMs < UPLOAD_GRACE_MS;
      if (!isInTime || !(await goesOn(error.token.digest))) throw error;
      return error.token;
    }
  }
}

function insufficient(token: VerifiedToken, required: readonly Access[]): string {
  const who = token.subject === '' ? 'an anonymous caller' : JSON.stringify(token.subject);
  return required
    .filter((access) => !covers(token.access, access))
    .map((access) => {
      const missing = access.actions.filter(
        (action) => !covers(token.access, { ...access, actions: [action] }),
      );
      const granted = token.access
        .filter(({ type, name }) => type === access.type && name === access.name)
        .flatMap(({ actions }) => actions);
      const may = granted.length === 0 ? 'nothing' : granted.join(' and ');
      return `${who} may not ${missing.join(' or ')} ${access.name}; the token grants ${may} there`;
    })
    .join('; ');
}
