import type { Histogram, Metrics } from '../ports.ts';
import { TooManyLogins } from './slots.ts';

/** What became of the last question; `not-asked` where there was none yet. */
export type SourceState = 'answers' | 'fails' | 'not-asked';

export type SourceQuestion = 'authenticate' | 'lookup' | 'exchange' | 'authorize';
export type SourceOutcome =
  | 'match'
  | 'no-match'
  | 'wrong-password'
  | 'gone'
  | 'granted'
  | 'denied'
  /** Too many questions at once. */
  | 'busy'
  | 'failure';

/** How long it is believed that a source that answered can be reached. */
const FRESH_MS = 10_000;
/** A ping that takes longer has failed. */
const PING_MS = 2_000;
/** From one ping to the next, at least. */
const REST_MS = 5_000;

/**
 * A provider or an authorizer as it is seen from outside: how its answers are counted, how long they take, and whether it
 * can be reached. A program that answered a moment ago can; else a ping tells, where the source has one.
 */
export class Source {
  /** The section of the configuration. */
  readonly name: string;
  readonly #metrics: Metrics;
  readonly #seconds = new Map<SourceQuestion, Histogram>();
  readonly #ping: (() => Promise<void>) | undefined;
  #state: SourceState = 'not-asked';
  #reason: string | undefined;
  #atMs = 0;
  #pinging: Promise<void> | undefined;
  #pingedMs = Number.NEGATIVE_INFINITY;

  /** @param ping resolves where the source can be reached; it asks for no account */
  constructor(name: string, metrics: Metrics, ping: (() => Promise<void>) | undefined) {
    this.name = name;
    this.#metrics = metrics;
    this.#ping = ping;
  }

  /** Puts a question, and notes what became of it. */
  async ask<T>(
    question: SourceQuestion,
    outcomeOf: (answer: T) => SourceOutcome,
    put: () => T | Promise<T>,
  ): Promise<T> {
    const beganMs = performance.now();
    try {
      const answer = await put();
      this.#answered();
      this.#count(question, outcomeOf(answer), beganMs);
      return answer;
    } catch (error) {
      const isBusy = error instanceof TooManyLogins;
      if (!isBusy) this.#failed(error);
      this.#count(question, isBusy ? 'busy' : 'failure', beganMs);
      throw error;
    }
  }

  /** Counts that an answer was remembered, or was not. */
  countRemembered(isHit: boolean): void {
    const outcome = isHit ? 'hit' : 'miss';
    this.#metrics.counter('berth_auth_cache_total', { outcome, source: this.name }).add();
  }

  /** What was seen last; `reason` may name what is inside, and is for the operator's eyes alone. */
  get standing(): { readonly state: SourceState; readonly reason: string | undefined } {
    return { state: this.#state, reason: this.#reason };
  }

  /** Whether it can be reached, as far as that can be told within two seconds. Never rejects. */
  async check(): Promise<SourceState> {
    const nowMs = performance.now();
    const isFresh = this.#state === 'answers' && nowMs - this.#atMs < FRESH_MS;
    if (this.#ping === undefined || isFresh) return this.#state;
    if (this.#pinging === undefined && nowMs - this.#pingedMs >= REST_MS) {
      this.#pingedMs = nowMs;
      this.#pinging = this.#ping()
        .then(
          () => this.#answered(),
          (error: unknown) => {
            // It is so busy that it must be there.
            if (!(error instanceof TooManyLogins)) this.#failed(error);
          },
        )
        .finally(() => {
          this.#pinging = undefined;
        });
    }
    if (this.#pinging !== undefined) await this.#waitFor(this.#pinging);
    return this.#state;
  }

  async #waitFor(pinging: Promise<void>): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<true>();
    const timer = setTimeout(() => resolve(true), PING_MS);
    const isLate = await Promise.race([pinging.then(() => false), late]);
    clearTimeout(timer);
    if (isLate) this.#failed(new Error(`it did not answer within ${PING_MS} ms`));
  }

  #answered(): void {
    this.#state = 'answers';
    this.#reason = undefined;
    this.#atMs = performance.now();
  }

  #failed(error: unknown): void {
    this.#state = 'fails';
    this.#reason = error instanceof Error ? error.message : String(error);
    this.#atMs = performance.now();
  }

  #count(question: SourceQuestion, outcome: SourceOutcome, beganMs: number): void {
    const source = this.name;
    this.#metrics.counter('berth_auth_questions_total', { outcome, question, source }).add();
    let seconds = this.#seconds.get(question);
    if (seconds === undefined) {
      seconds = this.#metrics.histogram('berth_auth_question_seconds', { question, source });
      this.#seconds.set(question, seconds);
    }
    seconds.observe((performance.now() - beganMs) / 1000);
  }
}
