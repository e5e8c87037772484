import type { Clock } from '../../ports.ts';
import type { KeySource } from './key-ring.ts';
import type { SigningKey } from './signing-key.ts';

/** A key that signs no more. */
export interface FormerKey {
  readonly key: SigningKey;
  /** When the last of its tokens has expired, in milliseconds since 1970. */
  readonly untilMs: number;
}

/** `keys`, and behind them those former ones whose tokens still live. A key with the same id is there once. */
export function withFormer(
  keys: readonly SigningKey[],
  former: readonly FormerKey[],
  nowMs: number,
): readonly SigningKey[] {
  const living = former.filter(({ untilMs }) => untilMs > nowMs).map(({ key }) => key);
  const all = [...keys, ...living];
  return all.filter(({ keyId }, position) => all.findIndex((one) => one.keyId === keyId) === position);
}

/** `former`, and `keys` that sign until now. */
export function retired(
  former: readonly FormerKey[],
  keys: readonly SigningKey[],
  { nowMs, untilMs }: { nowMs: number; untilMs: number },
): readonly FormerKey[] {
  const ids = new Set(keys.map(({ keyId }) => keyId));
  return [
    ...keys.map((key) => ({ key, untilMs })),
    ...former.filter((one) => one.untilMs > nowMs && !ids.has(one.key.keyId)),
  ];
}

/** Keys that have taken the place of others, whose tokens stay valid until they expire. */
export class SucceedingKeys implements KeySource {
  readonly #keys: KeySource;
  readonly #former: readonly FormerKey[];
  readonly #clock: Clock;

  constructor(keys: KeySource, former: readonly FormerKey[], clock: Clock) {
    this.#keys = keys;
    this.#former = former;
    this.#clock = clock;
  }

  current(): SigningKey {
    return this.#keys.current();
  }

  published(): readonly SigningKey[] {
    return withFormer(this.#keys.published(), this.#former, this.#clock.now());
  }

  onChange(listener: () => Promise<void>): void {
    this.#keys.onChange?.(listener);
  }

  /**
   * What their successors have to publish.
   * @param isReplaced whether other keys than these follow, and not the same ones once more
   */
  leave(isReplaced: boolean, lifetimeMs: number): readonly FormerKey[] {
    const nowMs = this.#clock.now();
    return retired(this.#former, isReplaced ? this.#keys.published() : [], {
      nowMs,
      untilMs: nowMs + lifetimeMs,
    });
  }
}
