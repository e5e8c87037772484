import { randomUUID } from 'node:crypto';
import type { Access } from '../../oci/scope.ts';
import type { Clock } from '../../ports.ts';
import { fixedKey, type KeySource } from './key-ring.ts';
import { lifetimeSecondsOf, type TokenLifetimes } from './lifetime.ts';
import { signToken } from './sign.ts';
import type { SigningKey } from './signing-key.ts';

/** What a token says. */
export interface Grant {
  /** The account; empty for an anonymous caller. */
  readonly subject: string;
  /** The registry that the token is for, byte for byte as its `service`. */
  readonly audience: string;
  /** One entry for each scope that was asked for; nothing granted is an empty list of actions. */
  readonly access: readonly Access[];
  /** What it comes from and is revoked with: a personal access token, a login that is kept. */
  readonly grant?: string | undefined;
  /** The number of the last revocation when it was decided who asks; undefined where nothing can be revoked. */
  readonly generation?: number | undefined;
  /** It ends then at the latest, in milliseconds since 1970. */
  readonly untilMs?: number | undefined;
}

/** A token, signed. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresInSeconds: number;
  readonly issuedAtMs: number;
}

/** Signs tokens as the Docker token specification describes them (distribution, spec/auth/jwt.md). */
export class TokenIssuer {
  readonly #issuer: string;
  readonly #keys: KeySource;
  readonly #lifetimes: TokenLifetimes;
  readonly #clock: Clock;

  constructor(
    options: TokenLifetimes & {
      readonly issuer: string;
      readonly key: SigningKey | KeySource;
      readonly clock: Clock;
    },
  ) {
    this.#issuer = options.issuer;
    this.#keys = 'current' in options.key ? options.key : fixedKey(options.key);
    this.#lifetimes = options;
    this.#clock = options.clock;
  }

  async issue(grant: Grant): Promise<IssuedToken> {
    const issuedAtMs = this.#clock.now();
    const now = Math.floor(issuedAtMs / 1000);
    const untilSeconds = Math.floor((grant.untilMs ?? Number.POSITIVE_INFINITY) / 1000);
    const wantedSeconds = lifetimeSecondsOf(this.#lifetimes, grant.access);
    const lifetimeSeconds = Math.min(wantedSeconds, Math.max(0, untilSeconds - now));
    const token = await signToken(this.#keys.current(), {
      iss: this.#issuer,
      sub: grant.subject,
      // A plain text: registry 2.8 refuses a list.
      aud: grant.audience,
      exp: now + lifetimeSeconds,
      // As docker_auth: a registry whose clock is a little behind takes the token at once.
      nbf: now - 10,
      iat: now,
      jti: randomUUID(),
      access: grant.access.map(({ type, name, actions }) => ({ type, name, actions })),
      ...(grant.grant !== undefined && { grant: grant.grant }),
      ...(grant.generation !== undefined && { generation: grant.generation }),
    });
    return { token, expiresInSeconds: lifetimeSeconds, issuedAtMs };
  }
}
