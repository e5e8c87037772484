import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../../ports.ts';
import type { Credentials, Identity, IdentityProvider } from './provider.ts';

type Answer = Identity | 'no-match' | 'wrong-password';

const MAX_ENTRIES = 10_000;

/** How long answers are remembered, in milliseconds. */
export interface Remembering {
  readonly rightMs: number;
  /**
   * Long enough for a client that tries a password twice, as containerd does (POST, then GET): it then counts once
   * where the asked service locks accounts.
   */
  readonly wrongMs: number;
}

export const USUAL_REMEMBERING: Remembering = { rightMs: 60_000, wrongMs: 5_000 };

/**
 * A provider that is out of this process (a directory, a database, a program), asked once for each account and password
 * within a short time: clients come for a token before nearly every step. What is remembered is found by a keyed hash,
 * whose key only this process has. Failures are not remembered.
 */
export class RememberedProvider implements IdentityProvider {
  readonly name: string;
  readonly #inner: IdentityProvider;
  readonly #clock: Clock;
  readonly #remembering: Remembering;
  readonly #key = randomBytes(32);
  readonly #known = new Map<string, { readonly answer: Answer; readonly untilMs: number }>();
  readonly #underWay = new Map<string, Promise<Answer>>();

  constructor(inner: IdentityProvider, clock: Clock, remembering = USUAL_REMEMBERING) {
    this.name = inner.name;
    this.#inner = inner;
    this.#clock = clock;
    this.#remembering = remembering;
  }

  async authenticate(credentials: Credentials): Promise<Answer> {
    const { account, password } = credentials;
    const entry = createHmac('sha256', this.#key)
      .update(JSON.stringify([account, password]))
      .digest('base64');
    const known = this.#known.get(entry);
    if (known !== undefined && this.#clock.now() < known.untilMs) return known.answer;
    this.#known.delete(entry);
    let asking = this.#underWay.get(entry);
    if (asking === undefined) {
      asking = this.#ask(entry, credentials).finally(() => this.#underWay.delete(entry));
      this.#underWay.set(entry, asking);
    }
    return asking;
  }

  /** Asks, since nothing else takes as long. */
  async pretend(credentials: Credentials): Promise<void> {
    await this.authenticate(credentials);
  }

  anonymous(): Identity | undefined {
    return this.#inner.anonymous?.();
  }

  async close(): Promise<void> {
    await this.#inner.close?.();
  }

  async #ask(entry: string, credentials: Credentials): Promise<Answer> {
    const answer = await this.#inner.authenticate(credentials);
    const { rightMs, wrongMs } = this.#remembering;
    if (this.#known.size >= MAX_ENTRIES) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    const untilMs = this.#clock.now() + (typeof answer === 'string' ? wrongMs : rightMs);
    this.#known.set(entry, { answer, untilMs });
    return answer;
  }
}
