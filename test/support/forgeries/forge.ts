import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { ecKey, makeCertificate } from '../certificates.ts';
import { encodePart, signatureOf } from '../jws.ts';

/** Repositories of a registry under attack; the second holds what no token of the attacker's grants. */
export const REPOSITORY = 'forged/image';
export const OTHER_REPOSITORY = 'secret/image';
export const ACCESS = [{ type: 'repository', name: REPOSITORY, actions: ['pull', 'push'] }];

/** Whose tokens a registry accepts. */
export interface TrustedIssuer {
  /** The private key that it signs with. */
  readonly key: KeyObject;
  readonly keyId: string;
  readonly issuer: string;
  readonly service: string;
  /** The certificate that vouches for the key, where there is one. */
  readonly certificate: X509Certificate | undefined;
  /** A token as it was really issued, for `ACCESS`; one is signed here where left out. */
  readonly issued?: string;
  /** Secrets that the same service gives out, and that are no token of a registry: by what each is. */
  readonly otherSecrets?: Readonly<Record<string, string>>;
}

type Members = Readonly<Record<string, unknown>>;

/** Makes tokens: with the issuer's own key what only the issuer could sign, with a stranger's what anybody can. */
export class Forge {
  readonly trusted: TrustedIssuer;
  readonly stranger: KeyObject = ecKey();
  /** Where keys may not be fetched from. */
  readonly lure: string;
  readonly algorithm: 'ES256' | 'RS256';

  /** @param lure the address of a server that counts who comes */
  constructor(trusted: TrustedIssuer, lure: string) {
    this.trusted = trusted;
    this.lure = lure;
    this.algorithm = trusted.key.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';
  }

  get publicKey(): KeyObject {
    return createPublicKey(this.trusted.key);
  }

  header(changes: Members = {}): Record<string, unknown> {
    return { typ: 'JWT', alg: this.algorithm, kid: this.trusted.keyId, ...changes };
  }

  claims(changes: Members = {}): Record<string, unknown> {
    const now = this.now;
    const { issuer, service } = this.trusted;
    return {
      iss: issuer,
      sub: 'somebody',
      aud: service,
      exp: now + 300,
      nbf: now - 10,
      iat: now,
      jti: String(Math.random()).slice(2),
      access: ACCESS,
      ...changes,
    };
  }

  /** In seconds, as claims have it. */
  get now(): number {
    return Math.floor(Date.now() / 1000);
  }

  /** What only the issuer can make: a good token but for these changes. */
  signed(claims: Members = {}, header: Members = {}): string {
    return this.signedText(encodePart(this.header(header)), encodePart(this.claims(claims)));
  }

  /** The issuer's signature below parts that are written already. */
  signedText(header: string, claims: string): string {
    const data = `${header}.${claims}`;
    return `${data}.${signatureOf(this.algorithm, this.trusted.key, data).toString('base64url')}`;
  }

  /** The issuer's signature below claims in the very text given. */
  signedJson(claims: string, header = JSON.stringify(this.header())): string {
    return this.signedText(
      Buffer.from(header).toString('base64url'),
      Buffer.from(claims).toString('base64url'),
    );
  }

  /** What anybody can make: signed by a key that nobody trusts. */
  strange(header: Members, key: KeyObject | string = this.stranger, claims: Members = {}): string {
    const head = this.header({ alg: 'ES256', ...header });
    const data = `${encodePart(head)}.${encodePart(this.claims(claims))}`;
    return `${data}.${signatureOf(head['alg'], key, data).toString('base64url')}`;
  }

  /** A certificate of the stranger's, by whom and for whom it says. */
  strangeCertificate(name: string, key = this.stranger, issuer?: { name: string; key: KeyObject }) {
    const now = Date.now();
    return makeCertificate({
      subject: { name, key },
      ...(issuer && { issuer }),
      notBeforeMs: now - 60_000,
      notAfterMs: now + 600_000,
      ca: true,
    });
  }

  /** The three parts of a good token. */
  parts(): [header: string, claims: string, signature: string] {
    const [header = '', claims = '', signature = ''] = (this.trusted.issued ?? this.signed()).split('.');
    return [header, claims, signature];
  }
}
