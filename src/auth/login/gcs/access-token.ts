import { SignJWT } from 'jose';
import type { Clock } from '../../../ports.ts';
import { readRecord } from '../json.ts';
import { type Answer, type Patience, patientFetch } from './patient-fetch.ts';
import type { ServiceAccount } from './service-account.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';
/** The longest that Google takes. */
const ASSERTION_SECONDS = 3_600;
/** A token is replaced so long before it ends, so that none ends on its way. */
const SPARE_MS = 60_000;

/** Access tokens of a service account, got when they are needed and used until shortly before they end. */
export class AccessTokens {
  readonly #account: ServiceAccount;
  readonly #clock: Clock;
  readonly #patience: Patience;
  readonly #closing: AbortSignal;
  #held: { readonly token: string; readonly untilMs: number } | undefined;
  #asking: Promise<string> | undefined;

  /** @param closing ends what is under way */
  constructor(account: ServiceAccount, clock: Clock, patience: Patience, closing: AbortSignal) {
    this.#account = account;
    this.#clock = clock;
    this.#patience = patience;
    this.#closing = closing;
  }

  get email(): string {
    return this.#account.email;
  }

  /** @throws Error that says why there is none */
  async token(): Promise<string> {
    const held = this.#held;
    if (held !== undefined && this.#clock.now() < held.untilMs) return held.token;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** Uses a token no more that was not accepted. */
  drop(token: string): void {
    if (this.#held?.token === token) this.#held = undefined;
  }

  async #ask(): Promise<string> {
    const { tokenUrl } = this.#account;
    const askedAtMs = this.#clock.now();
    const answer = await patientFetch(
      async () => ({
        url: tokenUrl,
        init: {
          method: 'POST',
          body: new URLSearchParams({ grant_type: GRANT, assertion: await this.#assertion() }),
        },
      }),
      this.#patience,
      this.#closing,
    );
    const value = readRecord(answer.text) ?? {};
    const { access_token: token, expires_in: seconds } = value;
    if (answer.status !== 200 || typeof token !== 'string' || token === '') {
      throw new Error(refusal(this.#account, answer, value));
    }
    const lifetimeMs = typeof seconds === 'number' ? seconds * 1000 : 0;
    this.#held = { token, untilMs: askedAtMs + lifetimeMs - SPARE_MS };
    return token;
  }

  /** RFC 7523, section 2.1, with the claims that Google wants. */
  #assertion(): Promise<string> {
    const { email, keyId, privateKey, tokenUrl } = this.#account;
    const nowSeconds = Math.floor(this.#clock.now() / 1000);
    return new SignJWT({ scope: SCOPE })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(keyId !== undefined && { kid: keyId }) })
      .setIssuer(email)
      .setAudience(tokenUrl)
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + ASSERTION_SECONDS)
      .sign(privateKey);
  }
}

function refusal(
  { email, tokenUrl }: ServiceAccount,
  { status }: Answer,
  { error, error_description: description }: Record<string, unknown>,
): string {
  const { host } = new URL(tokenUrl);
  const why = [error, description].filter((each) => typeof each === 'string').join(': ');
  const said = `${host} answers ${status}${why === '' ? '' : `: ${why.slice(0, 300)}`}`;
  if (error !== 'invalid_grant') return `${said}, and gives no token to ${email}`;
  return `${said}; the key of ${email} is not accepted: make a new key, or see that the clock of this machine is right`;
}
