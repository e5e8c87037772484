import { createPublicKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, FlattenedSign, type JWK } from 'jose';
import { AcmeProblem, problemOf, retryAfterMs } from './problem.ts';

const REQUEST_TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_NONCE_RETRIES = 10;

/** What an authority answered. */
export interface Answer {
  readonly headers: Headers;
  readonly text: string;
}

type Directory = Readonly<Record<'newNonce' | 'newAccount' | 'newOrder', string>>;

/** Signed requests to one authority, for one account (RFC 8555, sections 6 and 7). */
export class AcmeConnection {
  readonly #directory: Directory;
  readonly #key: KeyObject;
  readonly #jwk: JWK;
  readonly #signal: AbortSignal;
  #account: string | undefined;
  #nonce: string | undefined;

  private constructor(directory: Directory, key: KeyObject, jwk: JWK, signal: AbortSignal) {
    this.#directory = directory;
    this.#key = key;
    this.#jwk = jwk;
    this.#signal = signal;
  }

  /**
   * Opens the account of this key, which is made where there is none; the terms of service are agreed to, as by
   * registry:3.
   * @throws AcmeProblem, or the network's error
   */
  static async open(options: {
    readonly directoryUrl: string;
    readonly email: string | undefined;
    readonly key: KeyObject;
    readonly signal: AbortSignal;
  }): Promise<AcmeConnection> {
    const { directoryUrl, email, key, signal } = options;
    const { text } = await request(directoryUrl, {}, signal);
    const { alg: _, ...jwk } = await exportJWK(createPublicKey(key));
    const connection = new AcmeConnection(directoryOf(text), key, jwk, signal);
    const contact = email === undefined ? {} : { contact: [`mailto:${email}`] };
    const account = await connection.post(connection.#directory.newAccount, {
      termsOfServiceAgreed: true,
      ...contact,
    });
    connection.#account = account.headers.get('location') ?? undefined;
    return connection;
  }

  get newOrder(): string {
    return this.#directory.newOrder;
  }

  /** What a challenge's token is answered with (RFC 8555, section 8.1). */
  async keyAuthorization(token: string): Promise<string> {
    return `${token}.${await calculateJwkThumbprint(this.#jwk)}`;
  }

  /** @param payload undefined asks for what is there (POST-as-GET) */
  async post(url: string, payload?: unknown): Promise<Answer> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#postOnce(url, payload);
      } catch (error) {
        const isStale = error instanceof AcmeProblem && error.isStaleNonce;
        if (!isStale || attempt >= MAX_NONCE_RETRIES) throw error;
      }
    }
  }

  async #postOnce(url: string, payload: unknown): Promise<Answer> {
    const nonce = this.#nonce ?? (await this.#freshNonce());
    this.#nonce = undefined;
    const who = this.#account === undefined ? { jwk: this.#jwk } : { kid: this.#account };
    const bytes = payload === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(payload));
    const body = await new FlattenedSign(bytes)
      .setProtectedHeader({ alg: algorithmOf(this.#key), nonce, url, ...who })
      .sign(this.#key);
    const init: RequestInit = {
      method: 'POST',
      headers: { 'Content-Type': 'application/jose+json' },
      body: JSON.stringify(body),
      redirect: 'error',
    };
    return request(url, init, this.#signal, (headers) => {
      this.#nonce = headers.get('replay-nonce') ?? undefined;
    });
  }

  async #freshNonce(): Promise<string> {
    const { headers } = await request(this.#directory.newNonce, { method: 'HEAD' }, this.#signal);
    const nonce = headers.get('replay-nonce');
    if (nonce === null) throw new AcmeProblem('unknown', 'the authority gave no nonce');
    return nonce;
  }
}

function directoryOf(text: string): Directory {
  const { newNonce, newAccount, newOrder } = JSON.parse(text) as Partial<Record<string, unknown>>;
  if (typeof newNonce !== 'string' || typeof newAccount !== 'string' || typeof newOrder !== 'string') {
    throw new AcmeProblem('unknown', 'there is no ACME directory at directoryurl');
  }
  return { newNonce, newAccount, newOrder };
}

function algorithmOf(key: KeyObject): string {
  return key.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';
}

async function request(
  url: string,
  init: RequestInit,
  signal: AbortSignal,
  onHeaders: (headers: Headers) => void = () => undefined,
): Promise<Answer> {
  const response = await fetch(url, {
    ...init,
    headers: { ...init.headers, 'User-Agent': 'berth' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
  });
  onHeaders(response.headers);
  const text = await limitedText(response);
  if (response.ok) return { headers: response.headers, text };
  const wait = retryAfterMs(response.headers.get('retry-after'), Date.now());
  if (!/^application\/(?:problem\+)?json/.test(response.headers.get('content-type') ?? '')) {
    throw new AcmeProblem('unknown', `${url} answered ${response.status}`, wait);
  }
  throw problemOf(JSON.parse(text), wait);
}

async function limitedText(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  for await (const piece of response.body ?? []) {
    total += piece.byteLength;
    if (total > MAX_ANSWER_BYTES) throw new AcmeProblem('unknown', 'the answer of the authority is too long');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
