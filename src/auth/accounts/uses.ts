import type { AccountIndex, Use } from '../../index/accounts.ts';
import type { Clock, Logger } from '../../ports.ts';

const FLUSH_MS = 10_000;
/** Of more, the rest is not noted: the index must have been out of order for a while. */
const MOST = 20_000;

/**
 * Notes when accounts and access tokens were used last, in batches: a login waits for no write. What a process that is
 * killed had noted since the last batch is lost.
 */
export class LastUses {
  readonly #index: Pick<AccountIndex, 'recordUses'>;
  readonly #clock: Clock;
  readonly #log: Logger;
  #uses = new Map<string, Use>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: { index: Pick<AccountIndex, 'recordUses'>; clock: Clock; log: Logger }) {
    this.#index = options.index;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  note(name: string, tokenId?: string): void {
    if (this.#uses.size >= MOST) return;
    this.#uses.set(tokenId ?? `account ${name}`, { name, tokenId, atMs: this.#clock.now() });
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Records what was noted until now. Never throws: it is no reason for anything to fail. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#uses.size === 0) return;
    const uses = [...this.#uses.values()];
    this.#uses = new Map();
    try {
      await this.#index.recordUses(uses);
    } catch (error) {
      this.#log.error('it could not be noted when accounts were last used', { error });
    }
  }
}
