import { RegistryError } from '../errors.ts';
import type { Index } from '../index/index.ts';
import type { ImmutableTag, OverLimit, Usage, UsageLimits } from '../index/limits.ts';
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName, Tag } from '../oci/reference.ts';
import { matchesAny, type NamePattern } from '../pattern/name-pattern.ts';
import { inUnits } from '../policy/bytes-text.ts';
import { quotaOf, type RepositoryQuota } from '../policy/quota-of.ts';
import { decide, type RepositoryRule } from '../policy/repository-rules.ts';
import { type Counter, type Metrics, NO_METRICS } from '../ports.ts';

/** How much an upload may still bring. */
export interface Room {
  readonly bytes: number;
  /** The refusal of what is more. @param bytes how much it is, as far as that is known */
  refuse(bytes: number): RegistryError;
}

const UNLIMITED: Room = {
  bytes: Number.POSITIVE_INFINITY,
  refuse: () => new RegistryError('QUOTA_EXCEEDED'),
};

/** So many repositories are remembered with what the rules ask of them. */
const REMEMBERED = 1000;

/** What the rules ask of one repository. */
interface Asked {
  readonly immutableTags: readonly NamePattern[];
  readonly quota: RepositoryQuota | undefined;
  readonly hasRetention: boolean;
}

/** What somebody wanted to do. */
type Change = 'push' | 'removal' | 'restoration';

/** From this share of a quota on, whoever pushes is told how much is left. */
const NEARLY_FULL = 0.9;

const FREE_BYTES =
  'delete what is not needed and let garbage be collected, or ask the administrator for a larger quota';
const FREE_TAGS = 'delete tags that are not needed, or ask the administrator for a larger quota';

/**
 * What the rules ask of each repository: which tags stay where they are, and how much there may be. The index checks
 * both in the transactions of the changes; here they are looked up, and refusals get their words.
 */
export class RepositoryLimits {
  readonly #rules: readonly RepositoryRule[];
  readonly #index: Index;
  /** The rules never change, so that this cannot be out of date. */
  readonly #asked = new Map<RepositoryName, Asked>();
  readonly #refusals: Readonly<Record<'immutable' | 'bytes' | 'tags', Counter>>;

  constructor(deps: { rules?: readonly RepositoryRule[]; index: Index; metrics?: Metrics }) {
    this.#rules = deps.rules ?? [];
    this.#index = deps.index;
    const metrics = deps.metrics ?? NO_METRICS;
    this.#refusals = {
      immutable: metrics.counter('berth_limit_refusals_total', { limit: 'immutable' }),
      bytes: metrics.counter('berth_limit_refusals_total', { limit: 'bytes' }),
      tags: metrics.counter('berth_limit_refusals_total', { limit: 'tags' }),
    };
  }

  /** Those of the tags that must not move. */
  immutableAmong(repository: RepositoryName, tags: readonly Tag[]): readonly Tag[] {
    const { immutableTags } = this.#askedOf(repository);
    return tags.filter((tag) => matchesAny(immutableTags, tag));
  }

  /** The patterns of tags that must not move. */
  immutablePatterns(repository: RepositoryName): readonly string[] {
    return this.#askedOf(repository).immutableTags.map(({ text }) => text);
  }

  /** Whether rules may remove a tag, and its manifest with it. */
  hasRetention(repository: RepositoryName): boolean {
    return this.#askedOf(repository).hasRetention;
  }

  /** Undefined where nothing is limited. */
  usageLimits(repository: RepositoryName): UsageLimits | undefined {
    return this.#askedOf(repository).quota;
  }

  /**
   * How much more an upload may bring that has brought so much already.
   * @param digest of what it brings, where that is known: what the repository holds already takes no room
   */
  async room(repository: RepositoryName, broughtBytes: number, digest?: Digest): Promise<Room> {
    const { maxBytes: max, allowance } = this.usageLimits(repository) ?? {};
    if (max === undefined) return UNLIMITED;
    if (digest !== undefined && (await this.#index.blobs.find(repository, digest)) !== undefined) {
      return UNLIMITED;
    }
    const { usage } = this.#index;
    const found = await (allowance === undefined ? usage.of(repository) : usage.ofAllowance(allowance));
    const used = found?.bytes ?? 0;
    return {
      bytes: Math.max(0, max - used - broughtBytes),
      refuse: (bytes) => {
        const added = broughtBytes + bytes;
        return this.refusal(repository, { outcome: 'over-limit', limit: 'bytes', used, added, max });
      },
    };
  }

  /**
   * Refuses an upload that is yet to begin where there is no room for a single byte.
   * @throws RegistryError QUOTA_EXCEEDED
   */
  async assertRoom(repository: RepositoryName): Promise<void> {
    const room = await this.room(repository, 0);
    if (room.bytes === 0) throw room.refuse(0);
  }

  /** Counts and words a refusal of the index. */
  refusal(
    repository: RepositoryName,
    refused: OverLimit | ImmutableTag,
    change: Change = 'push',
  ): RegistryError {
    if (refused.outcome === 'immutable') {
      this.#refusals.immutable.add();
      return immutable(refused, change);
    }
    this.#refusals[refused.limit].add();
    return overQuota(repository, refused, this.#askedOf(repository).quota);
  }

  /** Sentences for whoever pushed into a repository that is nearly full. */
  notesOn(repository: RepositoryName, usage: Usage | undefined): readonly string[] {
    if (usage === undefined) return [];
    const {
      maxBytes = Number.POSITIVE_INFINITY,
      maxTags = Number.POSITIVE_INFINITY,
      allowance,
    } = this.usageLimits(repository) ?? {};
    const [who, holds, has, its] =
      allowance === undefined
        ? [repository, 'holds', 'has', 'its quota']
        : [`The repositories ${allowance}`, 'hold', 'have', 'their quota'];
    const notes: string[] = [];
    if (usage.bytes >= NEARLY_FULL * maxBytes) {
      notes.push(`${who} ${holds} ${inUnits(usage.bytes)} of the ${inUnits(maxBytes)} of ${its}.`);
    }
    if (usage.tags >= NEARLY_FULL * maxTags) {
      notes.push(`${who} ${has} ${usage.tags} of the ${maxTags} tags of ${its}.`);
    }
    return notes;
  }

  #askedOf(repository: RepositoryName): Asked {
    const found = this.#asked.get(repository);
    if (found !== undefined) return found;
    const asked = {
      immutableTags: decide(this.#rules, repository, 'immutableTags') ?? [],
      quota: quotaOf(this.#rules, repository),
      hasRetention: decide(this.#rules, repository, 'retention')?.keepAll === false,
    };
    if (this.#asked.size >= REMEMBERED) this.#asked.clear();
    this.#asked.set(repository, asked);
    return asked;
  }
}

function immutable({ tag, digest }: ImmutableTag, change: Change): RegistryError {
  const shown = JSON.stringify(tag);
  const stays = `the tag ${shown} is immutable here and stays at ${digest}`;
  const messages: Readonly<Record<Change, string>> = {
    push: `${stays}; push under another tag`,
    removal: `the tag ${shown} is immutable here: neither it nor what it needs can be deleted`,
    restoration: `${stays}; a manifest can be brought back by its digest, without its tags`,
  };
  return new RegistryError('TAG_IMMUTABLE', {
    message: messages[change],
    detail: { tag, digest },
  });
}

function overQuota(
  repository: RepositoryName,
  { limit, used, added, max }: OverLimit,
  quota: RepositoryQuota | undefined,
): RegistryError {
  const isShared = quota?.allowance !== undefined;
  const key = `${quota?.key}.max${limit}`;
  const [whose, hold, have] = isShared
    ? [`that ${repository} shares with others`, 'they hold', 'they have']
    : [`of ${repository}`, 'it holds', 'it has'];
  const held =
    limit === 'bytes'
      ? `${hold} ${inUnits(used)} of ${inUnits(max)} (${key})`
      : `${have} ${used} of ${max} tags (${key})`;
  const more = limit === 'bytes' ? inUnits(added) : String(added);
  return new RegistryError('QUOTA_EXCEEDED', {
    message: `the quota ${whose} is too small: ${held}${added === 0 ? '' : `, and this adds ${more}`}; ${limit === 'bytes' ? FREE_BYTES : FREE_TAGS}`,
    detail: { limit, used, added, max },
  });
}
