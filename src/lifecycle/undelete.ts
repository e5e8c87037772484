import { RegistryError } from '../errors.ts';
import type { Index } from '../index/index.ts';
import type { DeletedEntry, DeletedPosition, RestorationOutcome } from '../index/trash.ts';
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName, Tag } from '../oci/reference.ts';
import type { Clock } from '../ports.ts';
import type { RepositoryLimits } from '../registry/repository-limits.ts';

const PAGE = 200;

/** What came back. */
export type Restored = Omit<Extract<RestorationOutcome, { outcome: 'restored' }>, 'outcome'>;

/** Something deleted, with the time until which it can be brought back (ms since 1970). */
export type DeletedUntil = DeletedEntry & { readonly keptUntilMs: number };

/** What to bring back, and how. */
export interface UndeleteRequest {
  readonly repository: RepositoryName;
  readonly wanted: { readonly tag: Tag } | { readonly digest: Digest };
  readonly moveTags: boolean;
  readonly withTags: boolean;
  readonly actor: string;
}

/** Listing and bringing back what was deleted within the keep time. */
export class Undelete {
  readonly #index: Index;
  readonly #clock: Clock;
  readonly #keepMs: number;
  readonly #limits: RepositoryLimits;

  /** @param deps.keepDeletedMs 0: nothing can be brought back */
  constructor(deps: { index: Index; clock: Clock; keepDeletedMs: number; limits: RepositoryLimits }) {
    this.#index = deps.index;
    this.#limits = deps.limits;
    this.#clock = deps.clock;
    this.#keepMs = deps.keepDeletedMs;
  }

  /** The latest first. */
  async list(
    repository: RepositoryName | undefined,
    page: { readonly after: DeletedPosition | undefined; readonly limit: number },
  ): Promise<DeletedUntil[]> {
    const entries = await this.#index.trash.list({ repository, keptSinceMs: this.#keptSinceMs() }, page);
    return entries.map((entry) => ({ ...entry, keptUntilMs: entry.deletedAtMs + this.#keepMs }));
  }

  /** All of it. */
  async *all(repository: RepositoryName | undefined): AsyncGenerator<DeletedUntil> {
    for (let after: DeletedPosition | undefined; ; ) {
      const page = await this.list(repository, { after, limit: PAGE });
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = positionOf(last);
    }
  }

  /** @throws RegistryError NOT_KEPT, TAG_IN_USE, TAG_IMMUTABLE */
  async restore(request: UndeleteRequest): Promise<Restored> {
    const { repository, wanted } = request;
    const outcome = await this.#index.trash.restore({
      ...request,
      immutableTags: this.#limits.immutablePatterns(repository),
      keptSinceMs: this.#keptSinceMs(),
      atMs: this.#clock.now(),
    });
    const name = 'tag' in wanted ? `${repository}:${wanted.tag}` : `${repository}@${wanted.digest}`;
    if (outcome.outcome === 'restored') {
      const { digest, manifests, tags, missing } = outcome;
      return { digest, manifests, tags, missing };
    }
    if (outcome.outcome === 'immutable') throw this.#limits.refusal(repository, outcome, 'restoration');
    if (outcome.outcome === 'tag-in-use') {
      const { tag, digest } = outcome;
      throw new RegistryError('TAG_IN_USE', {
        message: `the tag ${tag} of ${repository} points to ${digest} by now; move it, or bring the manifest back without its tags`,
        detail: { tag, digest },
      });
    }
    throw new RegistryError('NOT_KEPT', { message: this.#whyNot(name, outcome.outcome), detail: { name } });
  }

  /**
   * Brings back all of a repository that was deleted, and the tags that were removed and are not in use.
   * @returns manifests and tags, each once
   */
  async restoreAll(
    repository: RepositoryName,
    actor: string,
  ): Promise<{ readonly manifests: readonly Digest[]; readonly tags: readonly Tag[]; missing: Digest[] }> {
    const manifests = new Set<Digest>();
    const tags = new Set<Tag>();
    const missing = new Set<Digest>();
    const keptSinceMs = this.#keptSinceMs();
    const entries: DeletedEntry[] = [];
    for await (const entry of this.all(repository)) entries.push(entry);
    for (const { tag, digest, movedTo } of entries) {
      if (tag !== undefined && (movedTo !== undefined || tags.has(tag))) continue;
      const outcome = await this.#index.trash.restore({
        repository,
        wanted: tag === undefined ? { digest } : { tag },
        ...{ keptSinceMs, moveTags: false, withTags: false, actor, atMs: this.#clock.now() },
      });
      if (outcome.outcome !== 'restored') continue;
      for (const one of outcome.manifests) manifests.add(one);
      for (const one of outcome.tags) tags.add(one);
      for (const one of outcome.missing) missing.add(one);
    }
    for (const digest of manifests) missing.delete(digest);
    return { manifests: [...manifests], tags: [...tags], missing: [...missing] };
  }

  #keptSinceMs(): number {
    return this.#keepMs === 0 ? Number.MAX_SAFE_INTEGER : this.#clock.now() - this.#keepMs;
  }

  #whyNot(name: string, outcome: 'unknown' | 'not-deleted'): string {
    if (outcome === 'not-deleted') return `${name} is not deleted`;
    return this.#keepMs === 0
      ? `${name} cannot be brought back: storage.maintenance.keepdeleted is 0`
      : `${name} is not among what was deleted and is still kept`;
  }
}

/** Where a page that ends with this entry ended. */
export function positionOf({ deletedAtMs, repository, tag, digest }: DeletedEntry): DeletedPosition {
  return { deletedAtMs, repository, name: tag ?? digest };
}
