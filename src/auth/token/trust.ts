import { type KeyObject, X509Certificate } from 'node:crypto';
import type { JWK, JWTHeaderParameters } from 'jose';
import { calculateJwkThumbprint } from 'jose';
import type { Clock } from '../../ports.ts';
import { algorithmsFor } from './algorithms.ts';
import type { PublishedKey } from './jwks.ts';
import { libtrustKeyId, thumbprintKeyId } from './key-id.ts';

/** Why a token is not accepted, in words for the person who operates the registry. */
export class TokenRejected extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TokenRejected';
  }
}

const MAX_CHAIN = 10;
const MAX_QUOTED = 100;

/** A key whose signatures count. */
export interface TrustedKey {
  readonly key: KeyObject;
  /** When a certificate that vouches for the key expires; undefined where it is trusted by itself. */
  readonly untilMs: number | undefined;
}

/** Keys whose signatures count, by each of the ids that an issuer may give them. */
export class TrustedKeys {
  readonly #byId: ReadonlyMap<string, KeyObject>;
  readonly #published: ReadonlyMap<string, KeyObject>;
  readonly #roots: readonly X509Certificate[];
  readonly #clock: Clock;

  private constructor(
    keys: { byId: ReadonlyMap<string, KeyObject>; published: ReadonlyMap<string, KeyObject> },
    roots: readonly X509Certificate[],
    clock: Clock,
  ) {
    this.#byId = keys.byId;
    this.#published = keys.published;
    this.#roots = roots;
    this.#clock = clock;
  }

  /**
   * @param roots the certificates of `rootcertbundle`
   * @param keys further keys, such as one's own
   * @param published the keys of `jwks`
   */
  static async create(
    roots: readonly X509Certificate[],
    keys: readonly KeyObject[],
    clock: Clock,
    published: readonly PublishedKey[] = [],
  ): Promise<TrustedKeys> {
    const byPublishedId = await byEachId(published.map(({ key }) => key));
    // The issuer's own word for a key comes before what is computed from another one.
    for (const { key, keyId } of published) if (keyId !== undefined) byPublishedId.set(keyId, key);
    const byId = await byEachId([...roots.map((root) => root.publicKey), ...keys]);
    for (const [id, key] of byPublishedId) byId.set(id, key);
    return new TrustedKeys({ byId, published: byPublishedId }, roots, clock);
  }

  /**
   * The key to verify a token with, found as registry:2 does: by `x5c`, then `jwk`, then `kid`. Nothing in the
   * header is itself believed: certificates must chain to a root, and a `jwk` only names a key that is trusted
   * already (CVE-2025-24976).
   *
   * Certificates that lead nowhere do not stand in the way of a `kid` of the JWK set, as they do in registry:3: the
   * set vouches for its keys by itself, so the signature alone decides.
   * @throws TokenRejected
   */
  async find(header: JWTHeaderParameters): Promise<TrustedKey> {
    if (header.x5c !== undefined) {
      const published = typeof header.kid === 'string' ? this.#published.get(header.kid) : undefined;
      if (published === undefined) return this.#byCertificates(header.x5c);
      const chained = this.#roots.length === 0 ? undefined : this.#byRoots(header.x5c);
      return chained ?? { key: published, untilMs: undefined };
    }
    if (header.jwk !== undefined) {
      const id = await calculateJwkThumbprint(header.jwk as JWK, 'sha256').catch(() => undefined);
      return this.#byKeyId(id, 'the key in its header');
    }
    const keyId: unknown = header.kid;
    if (typeof keyId !== 'string') {
      throw new TokenRejected('the token names no key: it has neither x5c nor kid');
    }
    return this.#byKeyId(keyId, `kid ${JSON.stringify(keyId.slice(0, MAX_QUOTED))}`);
  }

  #byKeyId(id: string | undefined, what: string): TrustedKey {
    const key = id === undefined ? undefined : this.#byId.get(id);
    if (key !== undefined) return { key, untilMs: undefined };
    const remedy =
      this.#published.size === 0
        ? "the issuer's certificate has to be in rootcertbundle"
        : "the issuer's key has to be in jwks, or its certificate in rootcertbundle";
    throw new TokenRejected(`the token is signed by ${what}, which is none of the trusted keys; ${remedy}`);
  }

  #byCertificates(x5c: unknown): TrustedKey {
    const trusted = this.#byRoots(x5c);
    if (trusted !== undefined) return trusted;
    throw new TokenRejected(
      this.#roots.length === 0 && this.#published.size > 0
        ? 'the token carries a certificate (x5c), and there is no rootcertbundle to judge it by; its kid is none of the keys in jwks'
        : 'the certificate in the token (x5c) does not chain to a certificate of rootcertbundle, or one of the chain has expired',
    );
  }

  #byRoots(x5c: unknown): TrustedKey | undefined {
    const [leaf, ...others] = readChain(x5c);
    if (leaf === undefined) throw new TokenRejected('the x5c of the token holds no certificate');
    const untilMs = this.#chainEnds(leaf, others);
    return untilMs === undefined ? undefined : { key: leaf.publicKey, untilMs };
  }

  /**
   * Walks from the leaf along issuers until one is vouched for by a root. Each certificate is visited once, so that
   * the work does not depend on how they are connected.
   * @returns when the first certificate on the way expires, or undefined where no way leads to a root
   */
  #chainEnds(leaf: X509Certificate, others: readonly X509Certificate[]): number | undefined {
    const now = new Date(this.#clock.now());
    let unvisited = others.filter((certificate) => isValidAt(certificate, now));
    let reached = isValidAt(leaf, now) ? [{ certificate: leaf, untilMs: leaf.validToDate.getTime() }] : [];
    while (reached.length > 0) {
      for (const { certificate, untilMs } of reached) {
        if (this.#roots.some((root) => root.raw.equals(certificate.raw))) return untilMs;
        const root = this.#roots.find((issuer) => isValidAt(issuer, now) && isIssuedBy(certificate, issuer));
        if (root !== undefined) return Math.min(untilMs, root.validToDate.getTime());
      }
      const next = unvisited.flatMap((issuer) => {
        const from = reached.find(({ certificate }) => isIssuedBy(certificate, issuer));
        if (from === undefined) return [];
        return [{ certificate: issuer, untilMs: Math.min(from.untilMs, issuer.validToDate.getTime()) }];
      });
      unvisited = unvisited.filter((certificate) => next.every((step) => step.certificate !== certificate));
      reached = next;
    }
    return undefined;
  }
}

async function byEachId(keys: readonly KeyObject[]): Promise<Map<string, KeyObject>> {
  const byId = new Map<string, KeyObject>();
  for (const key of keys) {
    if (algorithmsFor(key).length === 0) continue;
    byId.set(libtrustKeyId(key), key);
    byId.set(await thumbprintKeyId(key), key);
  }
  return byId;
}

function readChain(x5c: unknown): X509Certificate[] {
  if (!Array.isArray(x5c) || x5c.length > MAX_CHAIN) {
    throw new TokenRejected(`the x5c of the token must be a list of at most ${MAX_CHAIN} certificates`);
  }
  return x5c.map((der) => {
    try {
      return new X509Certificate(Buffer.from(String(der), 'base64'));
    } catch (cause) {
      throw new TokenRejected('the x5c of the token holds something that is no certificate', { cause });
    }
  });
}

function isValidAt(certificate: X509Certificate, at: Date): boolean {
  return certificate.validFromDate <= at && certificate.validToDate >= at;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
