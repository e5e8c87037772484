import type { Index } from '../index/index.ts';
import type { Usage } from '../index/limits.ts';
import type { ManifestStatistics, TagStatistics } from '../index/pulls.ts';
import type { Page } from '../index/tags.ts';
import type { RepositoryName } from '../oci/reference.ts';
import { quotaOf, type RepositoryQuota } from '../policy/quota-of.ts';
import type { RepositoryRule } from '../policy/repository-rules.ts';

/** What a repository holds, and the quota that counts for it. */
export interface RepositoryUse extends Usage {
  readonly repository: RepositoryName;
  readonly quota: RepositoryQuota | undefined;
  /** What all hold that share the quota; undefined where it is the repository's own. */
  readonly together: Usage | undefined;
}

/** What repositories hold, and how often what is in them was pulled. */
export class Statistics {
  readonly #index: Index;
  readonly #rules: readonly RepositoryRule[];
  readonly #flushPulls: () => Promise<void>;

  /** @param deps.flushPulls records what was counted in memory */
  constructor(deps: {
    index: Index;
    rules: readonly RepositoryRule[];
    flushPulls: () => Promise<void>;
  }) {
    this.#index = deps.index;
    this.#rules = deps.rules;
    this.#flushPulls = deps.flushPulls;
  }

  /** All repositories, in ASCII order. */
  async usage(page: Page): Promise<RepositoryUse[]> {
    const found = await this.#index.usage.list(page);
    return Promise.all(found.map(({ repository, bytes, tags }) => this.#use(repository, { bytes, tags })));
  }

  /** Undefined for a repository that there never was. */
  async usageOf(repository: RepositoryName): Promise<RepositoryUse | undefined> {
    const used = await this.#index.usage.of(repository);
    return used && this.#use(repository, used);
  }

  /** Since when pulls are counted, in milliseconds since 1970. */
  countedSinceMs(): Promise<number> {
    return this.#index.pulls.countedSinceMs();
  }

  /** The tags of a repository, with their pulls until now. */
  async tags(repository: RepositoryName, page: Page): Promise<TagStatistics[]> {
    await this.#flushPulls();
    return this.#index.pulls.tags(repository, page);
  }

  /** The manifests of a repository, with their pulls until now. */
  async manifests(repository: RepositoryName, page: Page): Promise<ManifestStatistics[]> {
    await this.#flushPulls();
    return this.#index.pulls.manifests(repository, page);
  }

  async #use(repository: RepositoryName, { bytes, tags }: Usage): Promise<RepositoryUse> {
    const quota = quotaOf(this.#rules, repository);
    const together =
      quota?.allowance === undefined ? undefined : await this.#index.usage.ofAllowance(quota.allowance);
    return { repository, bytes, tags, quota, together };
  }
}
