import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../../ports.ts';
import type { Source } from '../source.ts';
import type { Credentials, Identity, IdentityProvider, Standing } from './provider.ts';

type Answer = Identity | 'no-match' | 'wrong-password';
type Look = Standing | 'gone';

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
  readonly lookup?: (account: string) => Promise<Look>;
  readonly ping?: () => Promise<void>;
  #inner: IdentityProvider;
  #source: Pick<Source, 'countRemembered'> | undefined;
  readonly #clock: Clock;
  readonly #remembering: Remembering;
  readonly #key = randomBytes(32);
  readonly #known = new Map<string, { readonly answer: Answer | Look; readonly untilMs: number }>();
  readonly #underWay = new Map<string, Promise<Answer | Look>>();

  constructor(inner: IdentityProvider, clock: Clock, remembering = USUAL_REMEMBERING) {
    this.name = inner.name;
    this.#inner = inner;
    this.#clock = clock;
    this.#remembering = remembering;
    // A question of one part is none about a password.
    if (inner.lookup) this.lookup = (account) => this.#remembered([account], () => this.#lookUp(account));
    if (inner.ping) this.ping = async () => this.#inner.ping?.();
  }

  /** Puts something between this and the provider behind, once, and tells `source` what was remembered. */
  watch(wrap: (inner: IdentityProvider) => IdentityProvider, source: Pick<Source, 'countRemembered'>): void {
    this.#inner = wrap(this.#inner);
    this.#source = source;
  }

  authenticate(credentials: Credentials): Promise<Answer> {
    const { account, password } = credentials;
    return this.#remembered([account, password], () => this.#inner.authenticate(credentials));
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

  async #lookUp(account: string): Promise<Look> {
    return (await this.#inner.lookup?.(account)) ?? 'gone';
  }

  /** @param question what tells it from others; it is kept as a keyed hash */
  async #remembered<T extends Answer | Look>(question: readonly string[], ask: () => Promise<T>): Promise<T> {
    const entry = createHmac('sha256', this.#key).update(JSON.stringify(question)).digest('base64');
    const known = this.#known.get(entry);
    const isKnown = known !== undefined && this.#clock.now() < known.untilMs;
    let asking = isKnown ? undefined : this.#underWay.get(entry);
    this.#source?.countRemembered(isKnown || asking !== undefined);
    if (isKnown) return known.answer as T;
    this.#known.delete(entry);
    if (asking === undefined) {
      asking = this.#ask(entry, ask).finally(() => this.#underWay.delete(entry));
      this.#underWay.set(entry, asking);
    }
    return (await asking) as T;
  }

  async #ask<T extends Answer | Look>(entry: string, ask: () => Promise<T>): Promise<T> {
    const answer = await ask();
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
