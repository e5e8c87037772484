import { createHash } from 'node:crypto';
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
const MAX_REMEMBERED_CHARACTERS = 8 * 1024;

/** What an accepted token says. */
export interface VerifiedToken {
  readonly subject: string;
  readonly access: readonly Access[];
  readonly expiresAtMs: number;
  /** What it comes from and is revoked with; undefined for nothing but its account. */
  readonly grant: string | undefined;
  /** The number of the last revocation when it was issued; 0 where it does not say. */
  readonly generation: number;
  /** SHA-256 of the token, in hex. */
  readonly digest: string;
}

/** All is right with a token but that its time is over. */
export class TokenExpired extends TokenRejected {
  readonly token: VerifiedToken;
  readonly expiredForMs: number;

  constructor(token: VerifiedToken, expiredForMs: number, options?: ErrorOptions) {
    super('the token has expired', options);
    this.name = 'TokenExpired';
    this.token = token;
    this.expiredForMs = expiredForMs;
  }
}

/** Verifies the tokens of one issuer for one audience. */
export class TokenVerifier {
  #keys: TrustedKeys;
  readonly #algorithms: ReadonlySet<string> | undefined;
  readonly #issuer: string;
  readonly #audience: string;
  readonly #clock: Clock;
  // A client sends the same token with every request: its signature is checked once.
  #remembered = new Map<string, VerifiedToken>();

  /** @param options.algorithms no others are accepted; undefined: all that suit the key */
  constructor(options: {
    keys: TrustedKeys;
    issuer: string;
    audience: string;
    clock: Clock;
    algorithms?: readonly string[] | undefined;
  }) {
    this.#keys = options.keys;
    this.#algorithms = options.algorithms && new Set(options.algorithms);
    this.#issuer = options.issuer;
    this.#audience = options.audience;
    this.#clock = options.clock;
  }

  /** From now on these keys count and no others: what was accepted by the former ones is forgotten. */
  replaceKeys(keys: TrustedKeys): void {
    this.#keys = keys;
    this.#remembered = new Map();
  }

  /** @throws TokenRejected, with the check that failed; TokenExpired where only the time of the token is over */
  async verify(token: string): Promise<VerifiedToken> {
    // Kept while this waits: what a replaced key accepts must not be remembered beside the new ones.
    const known = this.#remembered;
    const remembered = known.get(token);
    if (remembered !== undefined && this.#clock.now() < remembered.expiresAtMs) return remembered;
    known.delete(token);
    if (token.length > MAX_TOKEN_CHARACTERS) throw new TokenRejected('the token is too long');
    assertSpelling(token);
    const { payload, untilMs } = await this.#checked(token);
    const verified = readClaims(token, payload, untilMs);
    if (token.length > MAX_REMEMBERED_CHARACTERS) return verified;
    if (known.size >= MAX_REMEMBERED) {
      const [oldest] = known.keys();
      if (oldest !== undefined) known.delete(oldest);
    }
    known.set(token, verified);
    return verified;
  }

  async #checked(token: string): Promise<{ payload: JWTPayload; untilMs: number | undefined }> {
    let untilMs: number | undefined;
    try {
      const { payload } = await jwtVerify(
        token,
        async (header) => {
          const trusted = await this.#keys.find(header);
          untilMs = trusted.untilMs;
          assertAlgorithm(header.alg, algorithmsFor(trusted.key));
          this.#assertConfigured(header.alg);
          return trusted.key;
        },
        {
          issuer: this.#issuer,
          audience: this.#audience,
          clockTolerance: LEEWAY_SECONDS,
          currentDate: new Date(this.#clock.now()),
          requiredClaims: ['exp'],
        },
      );
      return { payload, untilMs };
    } catch (error) {
      // It is found only after the signature, the issuer, the audience and the beginning were right.
      if (error instanceof errors.JWTExpired) throw this.#expired(token, error, untilMs);
      throw reasonOf(error);
    }
  }

  #expired(token: string, error: errors.JWTExpired, untilMs: number | undefined): TokenExpired {
    const verified = readClaims(token, error.payload, untilMs);
    return new TokenExpired(verified, this.#clock.now() - verified.expiresAtMs, { cause: error });
  }

  #assertConfigured(used: string): void {
    // RFC 9864 gives EdDSA with this curve a name of its own.
    const name = used === 'Ed25519' ? 'EdDSA' : used;
    if (this.#algorithms === undefined || this.#algorithms.has(name)) return;
    const listed = [...this.#algorithms].join(', ');
    throw new TokenRejected(`the token is signed with ${used}; signingalgorithms lists ${listed}`);
  }
}

/**
 * A token has one spelling. Decoders take others for the same bytes: padding, which RFC 7515, section 2 leaves out, and
 * last letters whose spare bits are not zero (RFC 4648, section 3.5). What looks another must not be the same token.
 */
function assertSpelling(token: string): void {
  const isPlain = token
    .split('.')
    .every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);
  if (!isPlain) throw new TokenRejected('the token is malformed');
}

function assertAlgorithm(used: string, allowed: readonly string[]): void {
  if (allowed.includes(used)) return;
  const suitable = allowed.length === 0 ? 'too weak, or of no use for tokens' : `for ${allowed.join(', ')}`;
  throw new TokenRejected(
    `the token is signed with ${JSON.stringify(String(used).slice(0, 50))}; its key is ${suitable}`,
  );
}

function reasonOf(error: unknown): unknown {
  if (error instanceof TokenRejected) return error;
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

function readClaims(token: string, payload: JWTPayload, untilMs = Number.POSITIVE_INFINITY): VerifiedToken {
  const subject: unknown = payload.sub ?? '';
  if (typeof subject !== 'string') throw new TokenRejected('the sub claim of the token is no text');
  const access = payload['access'] ?? [];
  if (!Array.isArray(access)) throw new TokenRejected('the access claim of the token is not a list');
  // JSON has numbers that are none here, such as 1e400: that one would never expire.
  if (!Number.isFinite(payload.exp)) throw new TokenRejected('the exp claim of the token is out of range');
  const { grant, generation } = payload;
  return {
    subject,
    grant: typeof grant === 'string' ? grant : undefined,
    generation: typeof generation === 'number' ? generation : 0,
    access: access.map(readAccess),
    digest: createHash('sha256').update(token).digest('hex'),
    expiresAtMs: Math.min(((payload.exp ?? 0) + LEEWAY_SECONDS) * 1000, untilMs),
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
