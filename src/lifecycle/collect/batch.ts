/** Collects things until there are enough of them for one transaction. */
export class Batch<T> {
  readonly #size: number;
  readonly #flush: (items: readonly T[]) => Promise<readonly T[]>;
  #items: T[] = [];

  /** @param flush returns what is to be tried again, in a later batch */
  constructor(size: number, flush: (items: readonly T[]) => Promise<readonly T[]>) {
    this.#size = size;
    this.#flush = flush;
  }

  async add(items: readonly T[]): Promise<void> {
    this.#items.push(...items);
    while (this.#items.length >= this.#size) await this.#flushOne();
  }

  async finish(): Promise<void> {
    while (this.#items.length > 0) await this.#flushOne();
  }

  async #flushOne(): Promise<void> {
    const items = this.#items.splice(0, this.#size);
    this.#items.push(...(await this.#flush(items)));
  }
}
