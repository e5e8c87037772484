/** Something that is used by requests and let go of in the end. */
export interface Closable {
  close(): Promise<void>;
}

interface Held<T> {
  readonly value: T;
  uses: number;
  isReplaced: boolean;
}

/**
 * What answers requests at present, and can be replaced while it does. Who began with the old one ends with it; the old
 * one is closed once nobody uses it any more.
 */
export class Generations<T extends Closable> {
  #held: Held<T>;
  readonly #closing = new Set<Promise<void>>();

  constructor(first: T) {
    this.#held = { value: first, uses: 0, isReplaced: false };
  }

  /** To look at; to work with it, see `use`. */
  get current(): T {
    return this.#held.value;
  }

  /** Works with the present one, which stays open for as long. */
  async use<R>(action: (value: T) => Promise<R>): Promise<R> {
    const held = this.#held;
    held.uses += 1;
    try {
      return await action(held.value);
    } finally {
      held.uses -= 1;
      this.#closeIfUnused(held);
    }
  }

  replace(next: T): void {
    const old = this.#held;
    this.#held = { value: next, uses: 0, isReplaced: false };
    old.isReplaced = true;
    this.#closeIfUnused(old);
  }

  /** Closes the present one, once no request is under way, and waits for those before. */
  async close(): Promise<void> {
    await Promise.all([this.current.close(), ...this.#closing]);
  }

  #closeIfUnused(held: Held<T>): void {
    if (!held.isReplaced || held.uses > 0) return;
    const closing: Promise<void> = held.value.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
