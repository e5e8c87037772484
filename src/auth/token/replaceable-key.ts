import type { Clock } from '../../ports.ts';
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
  #former: readonly { readonly key: SigningKey; readonly untilMs: number }[] = [];
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
    const now = this.#clock.now();
    return [
      this.#next ?? this.#key,
      ...this.#former.filter(({ untilMs }) => untilMs > now).map(({ key }) => key),
    ];
  }

  onChange(listener: () => Promise<void>): void {
    this.#listener = listener;
  }

  async replace(key: SigningKey): Promise<void> {
    const now = this.#clock.now();
    // The same key in a new certificate has the same id, and is published once.
    const former = [{ key: this.#key, untilMs: now + this.#keptMs }, ...this.#former];
    this.#former = former.filter((one) => one.untilMs > now && one.key.keyId !== key.keyId);
    // It is accepted before it signs: a client may use its first token at once.
    this.#next = key;
    await this.#listener?.();
    this.#key = key;
    this.#next = undefined;
  }
}
