import { SucceedingKeys } from '../auth/token/former-keys.ts';
import { fixedKey, KeyRing, type KeySource } from '../auth/token/key-ring.ts';
import { longestLifetimeSeconds } from '../auth/token/lifetime.ts';
import type { LoadedAuth } from '../config/docker-auth.ts';
import type { Path } from '../config/node.ts';
import type { Index } from '../index/index.ts';
import type { Clock, Logger } from '../ports.ts';
import { lifetimesOf } from './auth-lifetimes.ts';
import { sectionOfPair, signingKeyFrom } from './token-parts.ts';

/** What keys are made with. */
export interface AuthKeysDependencies {
  /** undefined: nothing is kept between starts. */
  readonly index: Index | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Where keys come from: a ring of the index, or files. */
type Origin = { readonly ring: string } | { readonly files: 'pair' } | { readonly files: 'none' };

interface Kept {
  readonly origin: Origin;
  readonly keys: SucceedingKeys;
  readonly lifetimeMs: number;
}

/** Nothing signs with it: each service has a key of its own. */
const NO_KEY: KeySource = {
  current: () => {
    throw new Error('there is nothing to sign tokens with');
  },
  published: () => [],
};

/** The keys of a token service: those of all its services, and those that some have of their own. */
export class AuthKeys {
  readonly #all: Kept;
  readonly #byService: ReadonlyMap<string, Kept>;
  readonly #rings: readonly KeyRing[];

  private constructor(all: Kept, byService: ReadonlyMap<string, Kept>, rings: readonly KeyRing[]) {
    this.#all = all;
    this.#byService = byService;
    this.#rings = rings;
  }

  /**
   * What the configuration asks for.
   * @param former those of the configuration before, whose tokens still live: their keys stay published for as long
   * @throws ConfigError; what was opened by then is stopped
   */
  static async open(
    { config, document }: Pick<LoadedAuth, 'config' | 'document'>,
    { index, clock, log }: AuthKeysDependencies,
    former?: AuthKeys,
  ): Promise<AuthKeys> {
    const { token, services = new Map() } = config;
    const rings: KeyRing[] = [];
    const longestMs =
      1000 *
      Math.max(
        ...[undefined, ...services.values()].map((one) => longestLifetimeSeconds(lifetimesOf(token, one))),
      );
    const ringOf = async (ring: string): Promise<[KeySource, Origin]> => {
      if (index === undefined) throw new Error('there is no place for keys');
      const overlapMs = Math.max(token.rotation.overlapMs, longestMs);
      const rotation = { ...token.rotation, overlapMs };
      const opened = await KeyRing.open({ index: index.signingKeys, ring, clock, log, rotation });
      rings.push(opened);
      return [opened, { ring }];
    };
    const pairOf = async (
      section: Path,
      pair: { readonly certificate: string; readonly key: string },
      style: Pick<typeof token, 'disableLegacyKeyId' | 'x5c'>,
    ): Promise<[KeySource, Origin]> => [
      fixedKey(await signingKeyFrom(document, section, style, pair)),
      { files: 'pair' },
    ];
    const keep = (
      name: string | undefined,
      [keys, origin]: readonly [KeySource, Origin],
      lifetimeMs: number,
    ): Kept => ({
      keys: new SucceedingKeys(keys, former === undefined ? [] : former.#leftFor(name, origin), clock),
      origin,
      lifetimeMs,
    });
    try {
      const shared: readonly [KeySource, Origin] =
        token.pair !== undefined
          ? await pairOf(sectionOfPair(document), token.pair, token)
          : index === undefined
            ? [NO_KEY, { files: 'none' }]
            : await ringOf('');
      const byService = new Map<string, Kept>();
      for (const [name, service] of services) {
        const { pair, hasOwnKeys, disableLegacyKeyId = token.disableLegacyKeyId, x5c = token.x5c } = service;
        const own =
          pair !== undefined
            ? await pairOf(['services', name], pair, { disableLegacyKeyId, x5c })
            : hasOwnKeys
              ? await ringOf(name)
              : shared;
        byService.set(name, keep(name, own, 1000 * longestLifetimeSeconds(lifetimesOf(token, service))));
      }
      return new AuthKeys(keep(undefined, shared, longestMs), byService, rings);
    } catch (error) {
      for (const ring of rings) ring.stop();
      throw error;
    }
  }

  /** Those that sign where nothing else is said. */
  get shared(): KeySource {
    return this.#all.keys;
  }

  /** Those of a service: its own, or the shared ones. */
  of(service: string): KeySource {
    return this.#byService.get(service)?.keys ?? this.shared;
  }

  /** @throws where a service, or where there are none, whatever is served, has nothing to sign with */
  assertSigns(): void {
    const all = this.#byService.size === 0 ? [this.#all] : [...this.#byService.values()];
    for (const { keys } of all) keys.current();
  }

  stop(): void {
    for (const ring of this.#rings) ring.stop();
  }

  #leftFor(service: string | undefined, next: Origin) {
    // A service that is named only now was served as any other until now.
    const { keys, origin, lifetimeMs } = (service !== undefined && this.#byService.get(service)) || this.#all;
    // What is retired from a ring by a command is not to come back by a reload.
    const isSameRing = 'ring' in origin && 'ring' in next && origin.ring === next.ring;
    return keys.leave(!isSameRing, lifetimeMs);
  }
}
