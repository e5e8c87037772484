import { RegistryError } from '../../errors.ts';
import { parseDigest } from '../../oci/digest.ts';
import { MediaType } from '../../oci/media-types.ts';
import { parseTag } from '../../oci/reference.ts';
import { json, type Reply } from '../message.ts';
import type { RepositoryContext } from './context.ts';
import { limitOf, linkTo } from './pages.ts';

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1000;
const ANNOTATION = 'org.opencontainers.distribution.tag';

const RFC_3339 = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+ -]\d\d:\d\d)$/;

/**
 * A time as milliseconds since 1970, down to the microsecond.
 * @throws RegistryError REQUEST_INVALID
 */
function timeOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const [, seconds = '', fraction = '', offset = ''] = RFC_3339.exec(text) ?? [];
  // A plus sign that was not escaped arrives as a space.
  const whole = Date.parse((seconds + offset.replace(' ', '+')).toUpperCase());
  if (Number.isNaN(whole)) {
    throw new RegistryError('REQUEST_INVALID', {
      message: `the query parameter "${name}" must be a time such as 2026-05-04T03:02:01Z (RFC 3339)`,
    });
  }
  // Finer than microseconds, a number of milliseconds would be rounded, to the next second at worst.
  return whole + Number(`0${fraction.slice(0, 7)}`) * 1000;
}

/**
 * What happened to a tag, the latest first (distribution-spec, pull request 606, extensions/_oci.md "tag-history").
 * Unknown tags and repositories have an empty history: 404 would say that the extension is not there.
 */
export async function listTagHistory(context: RepositoryContext): Promise<Reply> {
  const { request, registry, repository, target, urlOf } = context;
  const { query } = request;
  const tag = parseTag(target);
  const digest = query.get('digest');
  const limit = Math.min(limitOf(query, DEFAULT_PAGE), MAX_PAGE);
  const { entries, hasMore } = await registry.listing.tagHistory(repository, tag, {
    beforeMs: timeOf(query, 'before'),
    sinceMs: timeOf(query, 'since'),
    digest: digest === null ? undefined : parseDigest(digest),
    limit,
  });
  const manifests = entries.map((entry) => ({
    mediaType: entry.mediaType,
    size: entry.sizeBytes,
    digest: entry.digest,
    annotations: {
      [`${ANNOTATION}.timestamp`]: new Date(entry.atMs).toISOString(),
      [`${ANNOTATION}.event`]: entry.event,
    },
  }));
  const last = entries.at(-1);
  const next = new URLSearchParams(query);
  next.set('n', String(limit));
  if (last !== undefined) next.set('before', new Date(last.atMs).toISOString());
  return json(
    200,
    { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests },
    {
      'Content-Type': MediaType.ociIndex,
      ...(hasMore &&
        last !== undefined &&
        linkTo(urlOf(`/v2/${repository}/_oci/tag-history/${tag}?${next}`))),
    },
  );
}
