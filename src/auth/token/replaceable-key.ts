import type { Clock } from '../../ports.ts';
import { type FormerKey, retired, withFormer } from './former-keys.ts';
import type { KeySource } from './key-ring.ts';
import type { SigningKey } from './signing-key.ts';

/**
 * A key that somebody else replaces, as the file of a certificate that is renewed. What it signed before stays valid
 * until it expires.
 */
export class ReplaceableKey implements KeySource {
  readonly #clock: Clock;
  readonly #keptMs: number;
  #key: SigningKey;
  #next: SigningKey | undefined;
  #former: readonly FormerKey[] = [];
  #listener: (() => Promise<void>) | undefined;

  /** @param options.lifetimeMs of a token, at the most */
  constructor(key: SigningKey, options: { clock: Clock; lifetimeMs: number }) {
    this.#key = key;
    this.#clock = options.clock;
    this.#keptMs = options.lifetimeMs;
  }

  current(): SigningKey {
    return this.#key;
  }

  published(): readonly SigningKey[] {
    return withFormer([this.#next ?? this.#key], this.#former, this.#clock.now());
  }

  onChange(listener: () => Promise<void>): void {
    this.#listener = listener;
  }

  async replace(key: SigningKey): Promise<void> {
    const nowMs = this.#clock.now();
    this.#former = retired(this.#former, [this.#key], { nowMs, untilMs: nowMs + this.#keptMs });
    // It is accepted before it signs: a client may use its first token at once.
    this.#next = key;
    await this.#listener?.();
    this.#key = key;
    this.#next = undefined;
  }
}
