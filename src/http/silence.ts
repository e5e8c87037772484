/**
 * Tells when somebody has been silent for too long. Node's own timers of HTTP/2 are not stopped where a connection
 * breaks off, and hold the memory of it until they fire.
 */
export class Silence {
  readonly #limitMs: number;
  readonly #tooLong: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(limitMs: number, tooLong: () => void) {
    this.#limitMs = limitMs;
    this.#tooLong = tooLong;
  }

  /** Begins to wait, or begins anew. */
  readonly heard = (): void => {
    if (this.#timer === undefined) this.#timer = setTimeout(this.#tooLong, this.#limitMs).unref();
    else this.#timer.refresh();
  };

  /** Waits no more, until `heard` is called again. */
  readonly stop = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  };
}
