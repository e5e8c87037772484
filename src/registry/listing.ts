import { RegistryError } from '../errors.ts';
import type { Index } from '../index/index.ts';
import type { Referrer } from '../index/manifests.ts';
import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/reference.ts';

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

  /** Manifests whose subject is this digest, whether or not that manifest is here. */
  async referrers(
    repository: RepositoryName,
    digest: Digest,
    artifactType: string | undefined,
    query: ListQuery,
  ): Promise<ListPage<Referrer>> {
    const found = await this.#index.manifests.referrers(repository, digest, {
      artifactType,
      after: query.after,
      limit: query.limit + 1,
    });
    return pageOf(found, query.limit, (referrer) => referrer.digest);
  }
}
