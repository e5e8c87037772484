import type { ContentStore } from '../../src/content/content-store.ts';
import type { GarbageRule } from '../../src/index/garbage.ts';
import type { Index } from '../../src/index/index.ts';
import { collectGarbage } from '../../src/lifecycle/collect/collect-garbage.ts';
import { FULL_SPEED } from '../../src/lifecycle/collect/pace.ts';
import type { Clock } from '../../src/ports.ts';

/** A collection that does one thing to the index or the store at a time, when it is told to. */
export class SteppedCollection {
  readonly rule: GarbageRule;
  readonly #end: Promise<unknown>;
  #isOver = false;
  /** What it wants to do next; several things where it does them side by side. */
  readonly #waiting: (() => Promise<unknown>)[] = [];
  #arrived = Promise.withResolvers<void>();

  constructor(
    deps: { index: Index; content: ContentStore },
    rule: GarbageRule,
    batch: number,
    clock: Clock = { now: () => rule.beforeMs },
  ) {
    this.rule = rule;
    const index: Index = {
      ...deps.index,
      garbage: this.#gated(deps.index.garbage),
      trash: this.#gated(deps.index.trash),
      blobs: this.#gated(deps.index.blobs),
    };
    const content = this.#gated(deps.content);
    const cause = { kind: 'collection', actor: '', rule: 'a test' } as const;
    const options = {
      ...{ rule, batch, cause, clock, dryRun: false, removesOriginals: true, pace: FULL_SPEED },
    };
    this.#end = collectGarbage({ index, content }, options).finally(() => {
      this.#isOver = true;
      this.#arrived.resolve();
    });
    this.#end.catch(() => undefined);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Lets it do the next thing, and waits until that is done. */
  async step(): Promise<void> {
    await this.#ready();
    // How it ends is for the collection to see, and the test sees what becomes of that.
    await this.#waiting
      .shift()?.()
      .catch(() => undefined);
    await this.#ready();
    if (this.#isOver) await this.#end;
  }

  async finish(): Promise<void> {
    while (!this.#isOver) await this.step();
  }

  /** Resolves when there is something to do, or it is over. */
  async #ready(): Promise<void> {
    while (this.#waiting.length === 0 && !this.#isOver) {
      this.#arrived = Promise.withResolvers();
      await this.#arrived.promise;
    }
  }

  #gated<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (inner, name, receiver) => {
        const member: unknown = Reflect.get(inner, name, receiver);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): Promise<unknown> =>
          new Promise((resolve, reject) => {
            this.#waiting.push(() => {
              const done = (async (): Promise<unknown> => member.apply(inner, args))();
              done.then(resolve, reject);
              return done;
            });
            this.#arrived.resolve();
          });
      },
    });
  }
}
