import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, Client, NoAnswer, type Sent } from './client.ts';
import type { Image } from './images.ts';
import { Ledger, type Outcome } from './ledger.ts';
import type { Random } from './random.ts';

const MAX_FINDINGS = 20;
const MAX_FINDING_LENGTH = 3_000;
/** A kill is noticed by clients a little later than it happened. */
const NOTICED_WITHIN_MS = 1_000;

/** How often something was tried, by what came of it. */
export type Counts = Record<string, Record<string, number>>;

/** A period in which requests may fail. */
interface Trouble {
  readonly fromMs: number;
  untilMs: number;
}

/** What the actors of a run share. */
export class World {
  readonly ledger = new Ledger();
  readonly client = new Client();
  readonly counts: Counts = {};
  readonly findings: string[] = [];
  /** Every manifest that was ever pushed. */
  readonly known = new Map<string, Image>();
  /** Of the servers that answer. */
  urls: readonly string[] = [];
  isOver = false;
  readonly #troubles: Trouble[] = [];
  readonly #random: Random;
  readonly #maxFindings: number;

  /** @param maxFindings the run ends with so many */
  constructor(random: Random, maxFindings = MAX_FINDINGS) {
    this.#random = random;
    this.#maxFindings = maxFindings;
  }

  count(what: string, outcome: string): void {
    this.counts[what] ??= {};
    const counts = this.counts[what] ?? {};
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }

  find(what: string): void {
    if (this.findings.length < MAX_FINDINGS) this.findings.push(what.slice(0, MAX_FINDING_LENGTH));
    if (this.findings.length >= this.#maxFindings) this.isOver = true;
  }

  /** From now on requests may fail. @returns ends it */
  trouble(): () => void {
    const trouble: Trouble = { fromMs: performance.now(), untilMs: Infinity };
    this.#troubles.push(trouble);
    return () => {
      trouble.untilMs = performance.now() + NOTICED_WITHIN_MS;
    };
  }

  /** Whether anything that went wrong since then is explained. */
  isTroubledSince(sinceMs: number): boolean {
    return this.#troubles.some(({ untilMs }) => untilMs >= sinceMs);
  }

  /**
   * Asks one of the servers, once there is one. A fault that nothing explains is a finding.
   * @throws NoAnswer
   */
  async ask(what: string, method: string, path: string, sent: Sent = {}): Promise<Answer> {
    while (this.urls.length === 0 && !this.isOver) await sleep(20);
    if (this.urls.length === 0)
      throw new NoAnswer(Object.assign(new Error('over'), { code: 'ECONNREFUSED' }));
    const beganMs = performance.now();
    try {
      const answer = await this.client.ask(`${this.#random.pick(this.urls)}${path}`, method, sent);
      this.count(what, `${Math.floor(answer.status / 100)}xx`);
      if (answer.status >= 500 && !this.isTroubledSince(beganMs)) {
        this.find(
          `${method} ${path} was answered ${answer.status}, and nothing had been done to the server: ${answer.body}`,
        );
      }
      return answer;
    } catch (error) {
      this.count(what, 'no answer');
      const isOwn = sent.abortAfterMs !== undefined;
      if (error instanceof NoAnswer && !isOwn && !this.isOver && !this.isTroubledSince(beganMs)) {
        this.find(
          `${method} ${path} was not answered, and nothing had been done to the server: ${error.message}`,
        );
      }
      throw error;
    }
  }
}

export function outcomeOf({ status }: Answer): Outcome {
  if (status < 300) return 'acknowledged';
  return status < 500 ? 'refused' : 'unknown';
}
