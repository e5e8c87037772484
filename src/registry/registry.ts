import type { ContentStore } from '../content/content-store.ts';
import type { Index } from '../index/index.ts';
import type { RepositoryRule } from '../policy/repository-rules.ts';
import type { Clock, Logger, Metrics } from '../ports.ts';
import { Blobs } from './blobs.ts';
import { Listing } from './listing.ts';
import type { ManifestRules } from './manifest-rules.ts';
import { Manifests } from './manifests.ts';
import { PullCounts } from './pull-counts.ts';
import { Removal } from './removal.ts';
import { RepositoryLimits } from './repository-limits.ts';
import { Uploads } from './uploads.ts';

/** What a registry does, in no words of HTTP. Whoever may do it was decided before. */
export interface Registry {
  readonly blobs: Blobs;
  readonly uploads: Uploads;
  readonly manifests: Manifests;
  readonly removal: Removal;
  readonly listing: Listing;
  readonly pulls: PullCounts;
  readonly limits: RepositoryLimits;
}

/** What a registry stands on. The index and the content store are the caller's to close. */
export interface RegistryDependencies {
  readonly index: Index;
  readonly content: ContentStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onDiscard: () => void;
  readonly deleteEnabled: boolean;
  readonly manifestRules: ManifestRules;
  /** What holds for which repositories; nothing unless it is given. */
  readonly rules?: readonly RepositoryRule[];
  readonly metrics?: Metrics;
}

/** Puts a registry together; opens nothing, so that there is nothing to close but its uploads, and its pulls to be flushed. */
export function createRegistry(deps: RegistryDependencies): Registry {
  const limits = new RepositoryLimits(deps);
  return {
    blobs: new Blobs({ ...deps, limits }),
    uploads: new Uploads({ ...deps, limits }),
    manifests: new Manifests({ ...deps, limits }),
    removal: new Removal({ ...deps, limits, isEnabled: deps.deleteEnabled }),
    listing: new Listing(deps),
    pulls: new PullCounts(deps),
    limits,
  };
}
