import { RegistryError } from '../../errors.ts';
import { InvalidValueError } from '../../oci/invalid.ts';
import { MAX_MANIFEST_BYTES } from '../../oci/manifest.ts';
import { parseReference, parseTag, type Reference, type Tag } from '../../oci/reference.ts';
import type { StoredManifest } from '../../registry/manifests.ts';
import { etagOf, notModified, preconditionOf } from '../conditional.ts';
import { empty, type HttpRequest, type Reply, type ReplyHeaders, readBody } from '../message.ts';
import { warnings } from '../warnings.ts';
import type { RepositoryContext } from './context.ts';
import { bodyOf, contentLength } from './request-body.ts';

/** The specification asks for at least 10; with the longest tags, as many as this fit into a request's headers. */
const MAX_TAGS = 100;

function manifestHeaders(manifest: Omit<StoredManifest, 'bytes'>): ReplyHeaders {
  return {
    'Content-Type': manifest.mediaType,
    'Content-Length': String(manifest.sizeBytes),
    'Docker-Content-Digest': manifest.digest,
    ETag: etagOf(manifest.digest),
  };
}

/**
 * What is to be read. A text that can be no tag names nothing: 404, as the suite of distribution-spec 1.1.1 and
 * registry:2 have it.
 * @throws RegistryError MANIFEST_UNKNOWN
 */
function wantedReference(target: string): Reference {
  try {
    return parseReference(target);
  } catch (error) {
    if (!(error instanceof InvalidValueError) || error.kind !== 'tag') throw error;
    throw new RegistryError('MANIFEST_UNKNOWN', { message: error.message, cause: error });
  }
}

/**
 * end-3: the bytes that were pushed, under the type that they were pushed with. This is what counts as a pull; clients
 * send HEAD only to see whether they need it.
 */
export async function getManifest(context: RepositoryContext): Promise<Reply> {
  const { request, registry, repository, target } = context;
  const precondition = preconditionOf(request);
  const reference = wantedReference(target);
  const manifest = await registry.manifests.read(repository, reference);
  const headers = manifestHeaders(manifest);
  const unchanged = precondition && notModified(precondition, manifest.digest, headers);
  if (unchanged !== undefined) return unchanged;
  registry.pulls.count(repository, manifest.digest, reference.kind === 'tag' ? reference.tag : undefined);
  return { status: 200, headers, body: manifest.bytes };
}

/** end-3: HEAD */
export async function headManifest(context: RepositoryContext): Promise<Reply> {
  const { request, registry, repository, target } = context;
  const precondition = preconditionOf(request);
  const manifest = await registry.manifests.promise(repository, wantedReference(target));
  const headers = manifestHeaders(manifest);
  return (precondition && notModified(precondition, manifest.digest, headers)) ?? { status: 200, headers };
}

/**
 * The tags that a push by digest sets besides (end-7b).
 * @throws RegistryError TOO_MANY_TAGS, REQUEST_INVALID
 * @throws InvalidValueError kind `tag`
 */
function tagsOf({ query }: HttpRequest, reference: Reference): readonly Tag[] {
  const tags = query.getAll('tag');
  if (tags.length > MAX_TAGS) {
    throw new RegistryError('TOO_MANY_TAGS', {
      message: `one push may set ${MAX_TAGS} tags, and this one names ${tags.length}; push the rest in another request`,
    });
  }
  if (tags.length > 0 && reference.kind === 'tag') {
    // Clients look for OCI-Tag in the answer; a push that silently set one tag of two would be half a push.
    throw new RegistryError('REQUEST_INVALID', {
      message: 'the parameter "tag" goes with a push by digest: PUT …/manifests/<digest>?tag=a&tag=b',
    });
  }
  return tags.map(parseTag);
}

/** end-7a, end-7b */
export async function putManifest(context: RepositoryContext): Promise<Reply> {
  const { request, registry, repository, target, caller, urlOf } = context;
  const reference = parseReference(target);
  const tags = tagsOf(request, reference);
  const precondition = preconditionOf(request);
  if ((contentLength(request) ?? 0) > MAX_MANIFEST_BYTES) throw new RegistryError('MANIFEST_TOO_LARGE');
  const bytes = await readBody(bodyOf(request), MAX_MANIFEST_BYTES);
  if (bytes === undefined) throw new RegistryError('MANIFEST_TOO_LARGE');
  const { digest, subject, notes } = await registry.manifests.put({
    repository,
    reference,
    bytes,
    contentType: request.headers['content-type'],
    tags,
    precondition,
    actor: caller.account,
  });
  return empty(201, {
    Location: urlOf(`/v2/${repository}/manifests/${digest}`),
    'Docker-Content-Digest': digest,
    ETag: etagOf(digest),
    ...(tags.length > 0 && { 'OCI-Tag': [...new Set(tags)] }),
    ...(subject && { 'OCI-Subject': subject }),
    ...warnings(notes),
  });
}

/** end-9 */
export async function deleteManifest(context: RepositoryContext): Promise<Reply> {
  const { request, registry, repository, target, caller } = context;
  const reference = parseReference(target);
  await registry.removal.manifest(repository, reference, caller.account, preconditionOf(request));
  return empty(202);
}
