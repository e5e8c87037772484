/** So many people are being logged in, or so many logins failed, that this one has to come back. */
export class TooManyLogins extends Error {
  readonly retryAfterSeconds: number;

  constructor(message = 'too many logins at once', retryAfterSeconds = 5) {
    super(message);
    this.name = 'TooManyLogins';
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Lets so many things go on at a time, and so many wait for their turn, in the order in which they came. */
export class Slots {
  readonly #maxRunning: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limits: { readonly maxRunning: number; readonly maxWaiting: number }) {
    this.#maxRunning = limits.maxRunning;
    this.#maxWaiting = limits.maxWaiting;
  }

  /** How much is going on, and how much waits. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.#running, waiting: this.#waiting.length };
  }

  /** @throws TooManyLogins, at once, where too many wait already */
  async run<T>(action: () => Promise<T>): Promise<T> {
    if (this.#running < this.#maxRunning) this.#running += 1;
    else await this.#turn();
    try {
      return await action();
    } finally {
      // Whoever waits takes over the slot, so that nobody who comes meanwhile can.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#maxWaiting) throw new TooManyLogins();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
