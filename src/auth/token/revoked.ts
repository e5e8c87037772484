import type { RevocationIndex, RevocationKind } from '../../index/revocations.ts';
import type { Clock } from '../../ports.ts';

const HOUR_MS = 3_600_000;
/** Revocations are kept for longer than any token that they may be about. */
const LEAST_KEPT_MS = 7 * 24 * HOUR_MS;

/** What of a token decides whether it is revoked. */
export interface Revocable {
  /** The account; empty for an anonymous caller. */
  readonly subject: string;
  /** Where the token comes from: the id of a personal access token, or of a login that is kept. */
  readonly grant: string | undefined;
  /** The number of the last revocation when it was issued. */
  readonly generation: number;
}

/**
 * Knows which tokens are void before their time. Each question asks the index for one number, so that a revocation
 * counts from the next request on, in every process that shares the index; only where the number has changed, it reads
 * what is new.
 */
export class Revoked {
  readonly #index: RevocationIndex;
  readonly #clock: Clock;
  readonly #keptMs: number;
  #generation = 0;
  #latest = new Map<string, number>();
  #prunedAtMs = Number.NEGATIVE_INFINITY;

  /** @param options.lifetimeMs of a token, at the most */
  constructor(options: { index: RevocationIndex; clock: Clock; lifetimeMs: number }) {
    this.#index = options.index;
    this.#clock = options.clock;
    this.#keptMs = Math.max(LEAST_KEPT_MS, 2 * options.lifetimeMs);
  }

  /** Throws where the index cannot answer: nothing is granted on a guess. */
  async isRevoked({ subject, grant, generation }: Revocable): Promise<boolean> {
    const last = await this.#index.generation();
    if (last !== this.#generation) await this.#read(last);
    if (this.#latest.size === 0) return false;
    return (
      (subject !== '' && this.#isAfter('account', subject, generation)) ||
      (grant !== undefined && this.#isAfter('grant', grant, generation))
    );
  }

  #isAfter(kind: RevocationKind, name: string, generation: number): boolean {
    return (this.#latest.get(`${kind} ${name}`) ?? 0) > generation;
  }

  async #read(last: number): Promise<void> {
    const isAnew = await this.#prune();
    const news = await this.#index.since(isAnew ? 0 : this.#generation);
    const latest = isAnew ? new Map<string, number>() : this.#latest;
    let generation = last;
    for (const revocation of news) {
      latest.set(`${revocation.kind} ${revocation.name}`, revocation.generation);
      generation = Math.max(generation, revocation.generation);
    }
    // Not what another request has read meanwhile: whatever of that is missing here is read again.
    this.#generation = generation;
    this.#latest = latest;
  }

  /** At a revocation, but not at each: without any there is nothing to forget. */
  async #prune(): Promise<boolean> {
    const now = this.#clock.now();
    if (now - this.#prunedAtMs < HOUR_MS) return false;
    this.#prunedAtMs = now;
    await this.#index.prune(now - this.#keptMs);
    return true;
  }
}
