import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Clock, Logger } from '../../ports.ts';
import { algorithmsFor } from '../token/algorithms.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import type { Credentials, Identity, IdentityProvider } from './provider.ts';
import { fitsRule, labelsOf, type WorkloadRule } from './workload-claims.ts';

/** Clocks may differ by so much. It never makes a token last longer. */
const LEEWAY_SECONDS = 30;
const JWT = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/;

/** An issuer whose tokens are believed, for those that its rules are for. */
export interface WorkloadIssuer {
  /** `iss`, exactly. */
  readonly issuer: string;
  readonly keys: IssuerKeys;
  /** In order; the first one that fits counts. */
  readonly rules: readonly WorkloadRule[];
}

/**
 * Workloads that prove who they are by a token of their platform (GitHub Actions, GitLab CI, a Kubernetes service
 * account): no secret of theirs is kept anywhere. The token is presented as the password of an account that a rule gives
 * to it, or exchanged (RFC 8693). What is issued for it ends with it.
 */
export class Workloads implements IdentityProvider {
  readonly name = 'workload_identity';
  readonly #audience: string;
  readonly #issuers: ReadonlyMap<string, WorkloadIssuer>;
  readonly #clock: Clock;
  readonly #log: Logger;

  /** @param options.audience what `aud` must name: this instance, and no other */
  constructor(options: {
    audience: string;
    issuers: readonly WorkloadIssuer[];
    clock: Clock;
    log: Logger;
  }) {
    this.#audience = options.audience;
    this.#issuers = new Map(options.issuers.map((one) => [one.issuer, one]));
    this.#clock = options.clock;
    this.#log = options.log;
  }

  async authenticate({ account, password }: Credentials): Promise<Identity | 'no-match' | 'wrong-password'> {
    return this.#identify(password, account);
  }

  /** Costs nothing: whether somebody is asked at all shows in the token that was sent. */
  async pretend(): Promise<void> {}

  async exchange(assertion: string): Promise<Identity | 'no-match' | 'wrong-password'> {
    return this.#identify(assertion, undefined);
  }

  async #identify(
    token: string,
    account: string | undefined,
  ): Promise<Identity | 'no-match' | 'wrong-password'> {
    const issuer = this.#issuers.get(issuerOf(token) ?? '');
    if (issuer === undefined) return 'no-match';
    const payload = await this.#verify(token, issuer);
    if (typeof payload === 'string') {
      this.#log.info('the token of a workload was refused', { issuer: issuer.issuer, reason: payload });
      return 'wrong-password';
    }
    const rule = issuer.rules.find(
      (one) => (account === undefined || one.account === account) && fitsRule(one, payload),
    );
    if (rule === undefined) {
      const subject = String(payload.sub).slice(0, 300);
      this.#log.info('no rule of workload_identity fits a token', {
        ...{ issuer: issuer.issuer, subject, account: account?.slice(0, 100) },
      });
      return 'wrong-password';
    }
    return {
      account: rule.account,
      labels: labelsOf(rule, payload),
      isAdmin: false,
      proof: 'token',
      untilMs: (payload.exp ?? 0) * 1000,
    };
  }

  /** @returns why it is refused, where it is */
  async #verify(token: string, { issuer, keys }: WorkloadIssuer): Promise<JWTPayload | string> {
    const now = this.#clock.now();
    try {
      const { payload } = await jwtVerify(
        token,
        async ({ kid, alg }) => {
          const key = await keys.find(kid);
          if (key === undefined) throw new errors.JWKSNoMatchingKey();
          // The key says which algorithms there are, never the token (CVE-2022-23540).
          if (!algorithmsFor(key).includes(alg))
            throw new errors.JOSEAlgNotAllowed('of another kind than its key');
          return key;
        },
        {
          issuer,
          audience: this.#audience,
          clockTolerance: LEEWAY_SECONDS,
          currentDate: new Date(now),
          requiredClaims: ['exp', 'sub'],
        },
      );
      return (payload.exp ?? 0) * 1000 > now ? payload : 'it has expired';
    } catch (error) {
      if (error instanceof errors.JOSEError) return error.message;
      throw error;
    }
  }
}

/** What a token says of where it comes from; nothing of it is believed yet. */
function issuerOf(token: string): string | undefined {
  if (!JWT.test(token)) return undefined;
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}
