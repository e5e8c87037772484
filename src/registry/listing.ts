import { RegistryError } from '../errors.ts';
import type { Index } from '../index/index.ts';
import type { Referrer } from '../index/manifests.ts';
import type { HistoryPage, TagEvent } from '../index/tags.ts';
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName, Tag } from '../oci/reference.ts';
import { fallbackReferrers } from './fallback-referrers.ts';

/** What a client asks of a list. */
export interface ListQuery {
  /** Entries after this one; undefined for the first page. */
  readonly after: string | undefined;
  /** How many at the most. 0 gives an empty page. */
  readonly limit: number;
}

/** A part of a list in ASCII order. */
export interface ListPage<T> {
  readonly entries: readonly T[];
  /** Where the next page begins, or undefined where this is the last one. */
  readonly next: string | undefined;
}

/** Asks for one entry more than the page holds: whether it comes tells whether there is another page. */
function pageOf<T>(found: readonly T[], limit: number, position: (entry: T) => string): ListPage<T> {
  const entries = found.slice(0, limit);
  const last = entries.at(-1);
  return { entries, next: found.length > limit && last !== undefined ? position(last) : undefined };
}

/** Lists: tags, repositories and referrers. */
export class Listing {
  readonly #index: Index;

  constructor(deps: { index: Index }) {
    this.#index = deps.index;
  }

  /** @throws RegistryError NAME_UNKNOWN where no manifest was ever pushed to the repository */
  async tags(repository: RepositoryName, query: ListQuery): Promise<ListPage<string>> {
    const tags = await this.#index.tags.list(repository, { after: query.after, limit: query.limit + 1 });
    if (tags === undefined) throw new RegistryError('NAME_UNKNOWN', { detail: { name: repository } });
    return pageOf<string>(tags, query.limit, (tag) => tag);
  }

  async repositories(query: ListQuery): Promise<ListPage<string>> {
    const found = await this.#index.tags.repositories({ after: query.after, limit: query.limit + 1 });
    return pageOf<string>(found, query.limit, (name) => name);
  }

  /**
   * What happened to a tag, the latest first: also of a tag, and of manifests, that are gone. Of an unknown tag or
   * repository, nothing.
   */
  async tagHistory(
    repository: RepositoryName,
    tag: Tag,
    page: HistoryPage,
  ): Promise<{ readonly entries: readonly TagEvent[]; readonly hasMore: boolean }> {
    const { limit } = page;
    const found = await this.#index.tags.history(repository, tag, { ...page, limit: limit + 1 });
    return { entries: found.slice(0, limit), hasMore: found.length > limit };
  }

  /**
   * Manifests whose subject is this digest, whether or not that manifest is here, and those that clients without the
   * referrers API list under its referrers tag.
   */
  async referrers(
    repository: RepositoryName,
    digest: Digest,
    artifactType: string | undefined,
    query: ListQuery,
  ): Promise<ListPage<Referrer>> {
    const listed = await fallbackReferrers(this.#index, repository, digest);
    const found = await this.#index.manifests.referrers(repository, digest, {
      artifactType,
      listed: [...listed.keys()],
      after: query.after,
      limit: query.limit + 1,
    });
    const referrers = found.map((referrer) => ({
      ...referrer,
      // The index keeps the annotations of what has a subject; of the others, the list has a copy.
      annotations: referrer.annotations ?? listed.get(referrer.digest)?.annotations,
    }));
    return pageOf(referrers, query.limit, (referrer) => referrer.digest);
  }
}
