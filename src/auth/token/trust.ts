import { type KeyObject, X509Certificate } from 'node:crypto';
import type { JWK, JWTHeaderParameters } from 'jose';
import { calculateJwkThumbprint } from 'jose';
import type { Clock } from '../../ports.ts';
import { algorithmsFor } from './algorithms.ts';
import { libtrustKeyId, thumbprintKeyId } from './key-id.ts';

/** Why a token is not accepted, in words for the person who operates the registry. */
export class TokenRejected extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TokenRejected';
  }
}

const MAX_CHAIN = 10;

/** Keys whose signatures count, by each of the ids that an issuer may give them. */
export class TrustedKeys {
  readonly #byId: ReadonlyMap<string, KeyObject>;
  readonly #roots: readonly X509Certificate[];
  readonly #clock: Clock;

  private constructor(byId: ReadonlyMap<string, KeyObject>, roots: readonly X509Certificate[], clock: Clock) {
    this.#byId = byId;
    this.#roots = roots;
    this.#clock = clock;
  }

  /** @param roots the certificates of `rootcertbundle`; @param keys further keys, such as one's own */
  static async create(
    roots: readonly X509Certificate[],
    keys: readonly KeyObject[],
    clock: Clock,
  ): Promise<TrustedKeys> {
    const byId = new Map<string, KeyObject>();
    for (const key of [...roots.map((root) => root.publicKey), ...keys]) {
      if (algorithmsFor(key).length === 0) continue;
      byId.set(libtrustKeyId(key), key);
      byId.set(await thumbprintKeyId(key), key);
    }
    return new TrustedKeys(byId, roots, clock);
  }

  /**
   * The key to verify a token with, found as registry:2 does: by `x5c`, then `jwk`, then `kid`. Nothing in the
   * header is itself believed: certificates must chain to a root, and a `jwk` only names a key that is trusted
   * already (CVE-2025-24976).
   * @throws TokenRejected
   */
  async find(header: JWTHeaderParameters): Promise<KeyObject> {
    if (header.x5c !== undefined) return this.#byCertificates(header.x5c);
    if (header.jwk !== undefined) {
      const id = await calculateJwkThumbprint(header.jwk as JWK, 'sha256').catch(() => undefined);
      return this.#byKeyId(id, 'the key in its header');
    }
    if (header.kid === undefined)
      throw new TokenRejected('the token names no key: it has neither x5c nor kid');
    return this.#byKeyId(header.kid, `kid ${JSON.stringify(header.kid.slice(0, 100))}`);
  }

  #byKeyId(id: string | undefined, what: string): KeyObject {
    const key = id === undefined ? undefined : this.#byId.get(id);
    if (key !== undefined) return key;
    throw new TokenRejected(
      `the token is signed by ${what}, which is none of the trusted keys; the issuer's certificate has to be in rootcertbundle`,
    );
  }

  #byCertificates(x5c: unknown): KeyObject {
    const chain = readChain(x5c);
    const [leaf] = chain;
    if (leaf === undefined) throw new TokenRejected('the x5c of the token holds no certificate');
    const now = new Date(this.#clock.now());
    if (!this.#chainsToRoot(leaf, chain.slice(1), now)) {
      throw new TokenRejected(
        'the certificate in the token (x5c) does not chain to a certificate of rootcertbundle, or one of the chain has expired',
      );
    }
    return leaf.publicKey;
  }

  #chainsToRoot(certificate: X509Certificate, rest: readonly X509Certificate[], now: Date): boolean {
    if (certificate.validFromDate > now || certificate.validToDate < now) return false;
    if (this.#roots.some((root) => root.raw.equals(certificate.raw))) return true;
    if (this.#roots.some((root) => isValidAt(root, now) && isIssuedBy(certificate, root))) return true;
    return rest.some(
      (issuer, position) =>
        isIssuedBy(certificate, issuer) &&
        this.#chainsToRoot(issuer, [...rest.slice(0, position), ...rest.slice(position + 1)], now),
    );
  }
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
