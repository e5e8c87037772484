import { RegistryError } from '../../errors.ts';
import { parseDigest } from '../../oci/digest.ts';
import { MediaType } from '../../oci/media-types.ts';
import { json, type Reply } from '../message.ts';
import type { RepositoryContext, V2Context } from './context.ts';
import { linkTo, listQuery } from './pages.ts';

const DEFAULT_PAGE = 100;
// Each may bring 64 KiB of annotations.
const REFERRERS_PAGE = 100;

/** end-8: the tags of a repository. Without `n`, all of them, up to the configured most. */
export async function listTags(context: RepositoryContext): Promise<Reply> {
  const { request, registry, repository, limits, urlOf } = context;
  const asked = listQuery(request.query, limits.maxTags);
  const query = { ...asked, limit: Math.min(asked.limit, limits.maxTags) };
  const { entries, next } = await registry.listing.tags(repository, query);
  const page = new URLSearchParams({ n: String(query.limit), last: next ?? '' });
  return json(
    200,
    { name: repository, tags: entries },
    next === undefined ? {} : linkTo(urlOf(`/v2/${repository}/tags/list?${page}`)),
  );
}

/** The catalog: distribution's, as the specification has none. */
export async function listRepositories({ request, registry, limits, urlOf }: V2Context): Promise<Reply> {
  const query = listQuery(request.query, Math.min(DEFAULT_PAGE, limits.maxCatalogEntries));
  if (query.limit > limits.maxCatalogEntries || query.limit === 0) {
    throw new RegistryError('PAGINATION_NUMBER_INVALID', {
      message: `the query parameter "n" must be from 1 to ${limits.maxCatalogEntries}`,
      detail: { n: query.limit },
    });
  }
  const { entries, next } = await registry.listing.repositories(query);
  const page = new URLSearchParams({ n: String(query.limit), last: next ?? '' });
  return json(
    200,
    { repositories: entries },
    next === undefined ? {} : linkTo(urlOf(`/v2/_catalog?${page}`)),
  );
}

/** end-12: manifests that refer to a digest. An unknown digest has none, which is no error. */
export async function listReferrers(context: RepositoryContext): Promise<Reply> {
  const { request, registry, repository, target, urlOf } = context;
  const digest = parseDigest(target);
  const artifactType = request.query.get('artifactType') || undefined;
  const query = { after: request.query.get('last') ?? undefined, limit: REFERRERS_PAGE };
  const { entries, next } = await registry.listing.referrers(repository, digest, artifactType, query);
  const manifests = entries.map((entry) => ({
    mediaType: entry.mediaType,
    digest: entry.digest,
    size: entry.sizeBytes,
    ...(entry.artifactType !== undefined && { artifactType: entry.artifactType }),
    ...(entry.annotations !== undefined && { annotations: entry.annotations }),
  }));
  const page = new URLSearchParams({ ...(artifactType && { artifactType }), last: next ?? '' });
  return json(
    200,
    { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests },
    {
      'Content-Type': MediaType.ociIndex,
      ...(artifactType !== undefined && { 'OCI-Filters-Applied': 'artifactType' }),
      ...(next !== undefined && linkTo(urlOf(`/v2/${repository}/referrers/${digest}?${page}`))),
    },
  );
}
