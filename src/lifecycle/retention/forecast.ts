import type { Index } from '../../index/index.ts';
import type { ManifestTies } from '../../index/retention.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName, Tag } from '../../oci/reference.ts';
import type { RepositoryRule } from '../../policy/repository-rules.ts';
import { FULL_SPEED, type Pace } from '../collect/pace.ts';
import { oldBeforeMs } from '../collect/rule.ts';
import type { TagDecision } from './decide.ts';
import { planFor, type RetentionPlan, retentionPlans, type Timing } from './plan.ts';
import { RemovalModel } from './removal-model.ts';

/** What would become of a tag. */
export interface TagForecast extends TagDecision {
  /** Manifests that would go with it. */
  readonly manifests: number;
  /**
   * Bytes of blobs that a collection would free once it, and those named before it, are gone. A blob that several of
   * them need is counted for the last: the sum is what all of them free together.
   */
  readonly freedBytes: number;
}

export interface RepositoryForecast {
  readonly repository: RepositoryName;
  /** The patterns of the entry that decides. */
  readonly entry: string;
  readonly tags: readonly TagForecast[];
}

export interface Forecast {
  readonly repositories: readonly RepositoryForecast[];
  readonly keptTags: number;
  /** With those that belong to a manifest that would go. */
  readonly removedTags: number;
  readonly removedManifests: number;
  /** Of an earlier time: tags that would have gone, and that somebody pulled afterwards. */
  readonly missedTags: number;
  readonly freedBytes: number;
}

/** A tag that would go, or, while it is filled, a row of the forecast. */
type Row = { -readonly [K in keyof TagForecast]: TagForecast[K] };

interface NeededBlob {
  readonly sizeBytes: number;
  /** How many manifests that name it would go, by repository. */
  readonly gone: Map<RepositoryName, number>;
  /** The last tag with which one of them went. */
  row: Row;
}

/**
 * Says what `retain` would remove and what the next collection would free, without changing anything. It looks at
 * blobs across repositories, and needs memory for what would be removed. For an earlier time it says what would have
 * been removed then; of that, only what is still there frees anything.
 * @param options.only this repository alone
 * @param options.pace beside a registry that answers, on the same thread
 */
export async function forecastRetention(
  index: Index,
  rules: readonly RepositoryRule[],
  timing: Timing,
  { only, pace = FULL_SPEED }: { readonly only?: RepositoryName; readonly pace?: Pace } = {},
): Promise<Forecast> {
  const forecast = new Forecasting(index, timing, pace);
  const planning = { index, rules, pace };
  if (only === undefined) {
    for await (const plan of retentionPlans(planning, () => timing)) await forecast.add(plan);
  } else {
    const plan = await planFor(planning, only, timing);
    if (plan !== undefined) await forecast.add(plan);
  }
  return forecast.finish();
}

class Forecasting {
  readonly #index: Index;
  readonly #timing: Timing;
  readonly #blobs = new Map<Digest, NeededBlob>();
  readonly #repositories: RepositoryForecast[] = [];
  readonly #pace: Pace;
  #keptTags = 0;
  #removedTags = 0;
  #removedManifests = 0;
  #missedTags = 0;

  constructor(index: Index, timing: Timing, pace: Pace) {
    this.#pace = pace;
    this.#index = index;
    this.#timing = timing;
  }

  async add({ repository, entry, decision }: RetentionPlan): Promise<void> {
    const beforeMs = oldBeforeMs(this.#timing);
    const model = new RemovalModel(this.#index.retention, repository, beforeMs);
    const rows = new Map<Tag, Row>(
      decision.tags.map((tag) => [tag.facts.tag, { ...tag, manifests: 0, freedBytes: 0 }]),
    );
    for (const row of rows.values()) {
      if (row.isKept) continue;
      const { tag, digest, since } = row.facts;
      if (since?.pulledAtMs !== undefined) this.#missedTags += 1;
      // What is not there any more frees nothing.
      if (since !== undefined && !since.isUnmoved) continue;
      const departure = await this.#pace.read(() => model.remove(tag, digest));
      row.manifests = departure.manifests.length;
      for (const manifest of departure.manifests) this.#count(repository, manifest, row);
      for (const attached of departure.tags) {
        const other = rows.get(attached);
        if (other !== undefined) Object.assign(other, { isKept: false, reason: `goes with ${tag}` });
      }
    }
    const tags = [...rows.values()];
    const kept = tags.filter(({ isKept }) => isKept).length;
    this.#keptTags += kept;
    this.#removedTags += tags.length - kept;
    this.#repositories.push({ repository, entry, tags });
  }

  async finish(): Promise<Forecast> {
    let freedBytes = 0;
    for (const [digest, blob] of this.#blobs) {
      const gone = Object.fromEntries(blob.gone);
      if (await this.#pace.read(() => this.#index.retention.isBlobNeeded(digest, gone))) continue;
      blob.row.freedBytes += blob.sizeBytes;
      freedBytes += blob.sizeBytes;
    }
    return {
      repositories: this.#repositories,
      keptTags: this.#keptTags,
      removedTags: this.#removedTags,
      removedManifests: this.#removedManifests,
      missedTags: this.#missedTags,
      freedBytes,
    };
  }

  #count(repository: RepositoryName, { blobs }: ManifestTies, row: Row): void {
    this.#removedManifests += 1;
    for (const { digest, sizeBytes } of blobs) {
      let blob = this.#blobs.get(digest);
      if (blob === undefined) {
        blob = { sizeBytes, gone: new Map(), row };
        this.#blobs.set(digest, blob);
      }
      blob.gone.set(repository, (blob.gone.get(repository) ?? 0) + 1);
      blob.row = row;
    }
  }
}
