import type { SigningKeyIndex } from '../../index/signing-keys.ts';
import type { Clock, Logger } from '../../ports.ts';
import { dueAt, outdatedAt, type Rotation, signingAt } from './key-schedule.ts';
import { generateKeyPem, type SigningKey, signingKeyOf } from './signing-key.ts';

/** How soon another process's change of the keys is seen. */
const LOOK_MS = 1_000;

/** The keys of a token service, as they are at the moment. */
export interface KeySource {
  /** What signs now. */
  current(): SigningKey;
  /** What is published and accepted: what signs, what is about to, and what has signed lately. */
  published(): readonly SigningKey[];
  /** @param listener called after each change of what is published, and waited for; missing where there is none */
  onChange?(listener: () => Promise<void>): void;
}

/** One key that never changes. */
export function fixedKey(key: SigningKey): KeySource {
  return { current: () => key, published: () => [key] };
}

interface Known {
  readonly key: SigningKey;
  readonly signsFromMs: number;
}

/**
 * The keys that the index holds, which all processes share: the first process to ask makes one. Looks every second for
 * what another process has changed, follows the schedule, and forgets what is over. `stop` ends that.
 */
export class KeyRing implements KeySource {
  readonly #index: SigningKeyIndex;
  readonly #ring: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #rotation: Rotation;
  readonly #made = new Map<string, SigningKey>();
  #known: readonly Known[] = [];
  #published: readonly Known[] = [];
  #listener: (() => Promise<void>) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isFailing = false;

  private constructor(options: KeyRingOptions) {
    this.#index = options.index;
    this.#ring = options.ring ?? '';
    this.#clock = options.clock;
    this.#log = options.log;
    this.#rotation = options.rotation;
  }

  static async open(options: KeyRingOptions): Promise<KeyRing> {
    const ring = new KeyRing(options);
    const now = options.clock.now();
    const { index, ring: name } = options;
    if ((await index.list(name)).length === 0) await index.createFirst(await newKey(now, now), name);
    await ring.#look();
    ring.#timer = setInterval(() => void ring.look(), LOOK_MS).unref();
    return ring;
  }

  current(): SigningKey {
    const known = signingAt(this.#known, this.#clock.now());
    if (known === undefined) throw new Error('there is no key to sign tokens with');
    return known.key;
  }

  published(): readonly SigningKey[] {
    return this.#published.map(({ key }) => key);
  }

  onChange(listener: () => Promise<void>): void {
    this.#listener = listener;
  }

  /** Looks now; what it cannot see is logged once, and what was known stays. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .then(
        () => {
          this.#isFailing = false;
        },
        (error: unknown) => {
          if (!this.#isFailing) this.#log.error('the keys that sign tokens cannot be read', { error });
          this.#isFailing = true;
        },
      )
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const now = this.#clock.now();
    let records = await this.#index.list(this.#ring);
    const due = dueAt(records, now, this.#rotation);
    const [last] = records;
    if (due !== undefined && last !== undefined) {
      const next = await newKey(now, due);
      if (await this.#index.add(next, last.id, this.#ring)) {
        this.#log.info('a key that will sign tokens was made', { key: next.id, signsFrom: new Date(due) });
      }
      records = await this.#index.list(this.#ring);
    }
    const outdated = new Set(outdatedAt(records, now, this.#rotation.overlapMs));
    for (const { id } of outdated) {
      if (await this.#index.remove(id)) this.#log.info('a key that signed tokens is over', { key: id });
    }
    await this.#take(records.filter((record) => !outdated.has(record)));
  }

  async #take(records: Awaited<ReturnType<SigningKeyIndex['list']>>): Promise<void> {
    if (records.length === 0) throw new Error('there is no key to sign tokens with');
    const isSame =
      records.length === this.#known.length &&
      records.every(({ id }, position) => this.#known[position]?.key.keyId === id);
    if (isSame) return;
    const known: Known[] = [];
    for (const { id, privateKeyPem, signsFromMs } of records) {
      const key = this.#made.get(id) ?? (await signingKeyOf(privateKeyPem));
      this.#made.set(id, key);
      known.push({ key, signsFromMs });
    }
    for (const id of this.#made.keys()) {
      if (!records.some((record) => record.id === id)) this.#made.delete(id);
    }
    // What is new is accepted before it signs: a client may use its first token at once.
    this.#published = known;
    await this.#listener?.();
    this.#known = known;
  }
}

/** What a key ring is made of. */
export interface KeyRingOptions {
  readonly index: SigningKeyIndex;
  /** Whose keys they are; see `SigningKeyIndex`. */
  readonly ring?: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly rotation: Rotation;
}

/** A new key, to be put into the index. */
export async function newKey(nowMs: number, signsFromMs: number) {
  const privateKeyPem = generateKeyPem();
  const { keyId } = await signingKeyOf(privateKeyPem);
  return { id: keyId, privateKeyPem, createdAtMs: nowMs, signsFromMs };
}
