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
  #atGate = Promise.withResolvers<void>();
  #mayPass = Promise.withResolvers<void>();

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
      this.#atGate.resolve();
    });
    this.#end.catch(() => undefined);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Lets it do the next thing, and waits until that is done. */
  async step(): Promise<void> {
    await this.#atGate.promise;
    if (!this.#isOver) {
      this.#atGate = Promise.withResolvers();
      this.#mayPass.resolve();
      await this.#atGate.promise;
    }
    if (this.#isOver) await this.#end;
  }

  async finish(): Promise<void> {
    while (!this.#isOver) await this.step();
  }

  #gated<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (inner, name, receiver) => {
        const member: unknown = Reflect.get(inner, name, receiver);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]): Promise<unknown> => {
          this.#mayPass = Promise.withResolvers();
          const passed = this.#mayPass.promise;
          this.#atGate.resolve();
          await passed;
          return member.apply(inner, args);
        };
      },
    });
  }
}
