import { errors, type JWTPayload, jwtVerify } from 'jose';
import { isRecord } from '../../oci/descriptor.ts';
import type { Access } from '../../oci/scope.ts';
import type { Clock } from '../../ports.ts';
import { algorithmsFor } from './algorithms.ts';
import { TokenRejected, type TrustedKeys } from './trust.ts';

/** Clocks may differ by so much; registry:2 allows the same. */
const LEEWAY_SECONDS = 60;
const MAX_TOKEN_CHARACTERS = 64 * 1024;
const MAX_REMEMBERED = 4096;

/** What an accepted token says. */
export interface VerifiedToken {
  readonly subject: string;
  readonly access: readonly Access[];
  readonly expiresAtMs: number;
}

/** Verifies the tokens of one issuer for one audience. */
export class TokenVerifier {
  readonly #keys: TrustedKeys;
  readonly #issuer: string;
  readonly #audience: string;
  readonly #clock: Clock;
  // A client sends the same token with every request: its signature is checked once.
  readonly #remembered = new Map<string, VerifiedToken>();

  constructor(options: { keys: TrustedKeys; issuer: string; audience: string; clock: Clock }) {
    this.#keys = options.keys;
    this.#issuer = options.issuer;
    this.#audience = options.audience;
    this.#clock = options.clock;
  }

  /** @throws TokenRejected, with the check that failed */
  async verify(token: string): Promise<VerifiedToken> {
    const remembered = this.#remembered.get(token);
    if (remembered !== undefined && this.#clock.now() < remembered.expiresAtMs) return remembered;
    this.#remembered.delete(token);
    if (token.length > MAX_TOKEN_CHARACTERS) throw new TokenRejected('the token is too long');
    const verified = readClaims(await this.#checked(token));
    if (this.#remembered.size >= MAX_REMEMBERED) {
      const [oldest] = this.#remembered.keys();
      if (oldest !== undefined) this.#remembered.delete(oldest);
    }
    this.#remembered.set(token, verified);
    return verified;
  }

  async #checked(token: string): Promise<JWTPayload> {
    let algorithms: readonly string[] = [];
    try {
      const { payload } = await jwtVerify(
        token,
        async (header) => {
          const key = await this.#keys.find(header);
          algorithms = algorithmsFor(key);
          if (!algorithms.includes(header.alg)) {
            throw new TokenRejected(
              `the token is signed with ${JSON.stringify(header.alg)}; its key is for ${algorithms.join(', ')}`,
            );
          }
          return key;
        },
        {
          issuer: this.#issuer,
          audience: this.#audience,
          clockTolerance: LEEWAY_SECONDS,
          currentDate: new Date(this.#clock.now()),
          requiredClaims: ['exp'],
        },
      );
      return payload;
    } catch (error) {
      throw reasonOf(error);
    }
  }
}

function reasonOf(error: unknown): unknown {
  if (error instanceof TokenRejected) return error;
  if (error instanceof errors.JWTExpired) return new TokenRejected('the token has expired', { cause: error });
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return new TokenRejected('the signature of the token is wrong', { cause: error });
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const expected: Readonly<Record<string, string>> = {
      iss: 'the token comes from another issuer than the one configured',
      aud: 'the token is meant for another service than this one',
      nbf: 'the token is not valid yet',
      exp: 'the token does not say when it expires',
    };
    const reason = expected[error.claim] ?? `the claim ${error.claim} of the token is wrong`;
    return new TokenRejected(reason, { cause: error });
  }
  if (error instanceof errors.JOSEError) return new TokenRejected('the token is malformed', { cause: error });
  return error;
}

function readClaims(payload: JWTPayload): VerifiedToken {
  const access = payload['access'] ?? [];
  if (!Array.isArray(access)) throw new TokenRejected('the access claim of the token is not a list');
  return {
    subject: payload.sub ?? '',
    access: access.map(readAccess),
    expiresAtMs: ((payload.exp ?? 0) + LEEWAY_SECONDS) * 1000,
  };
}

function readAccess(entry: unknown): Access {
  if (!isRecord(entry))
    throw new TokenRejected('the access claim of the token holds something that is no object');
  const { type, name, actions } = entry;
  const list = actions ?? [];
  if (typeof type !== 'string' || typeof name !== 'string' || !Array.isArray(list)) {
    throw new TokenRejected('an entry of the access claim lacks type, name or actions');
  }
  return { type, name, actions: list.filter((action) => typeof action === 'string') };
}
