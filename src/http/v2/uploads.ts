import { RegistryError } from '../../errors.ts';
import { type Digest, isDigestAlgorithm, parseDigest } from '../../oci/digest.ts';
import { parseRepositoryName, type RepositoryName } from '../../oci/reference.ts';
import type { UploadStatus } from '../../registry/uploads.ts';
import { empty, type Reply } from '../message.ts';
import { pullableBy } from './access.ts';
import type { RepositoryContext } from './context.ts';
import { announcedBy, bodyOf } from './request-body.ts';

type UrlOf = RepositoryContext['urlOf'];

function uploadHeaders(
  repository: RepositoryName,
  upload: UploadStatus,
  urlOf: UrlOf,
): Record<string, string> {
  return {
    Location: urlOf(`/v2/${repository}/blobs/uploads/${upload.id}`),
    // "0-0" stands for both nothing and one byte; distribution writes it for an upload that has just begun.
    Range: `0-${Math.max(0, upload.offsetBytes - 1)}`,
    'Docker-Upload-UUID': upload.id,
  };
}

function created(repository: RepositoryName, digest: string, urlOf: UrlOf): Reply {
  return empty(201, {
    Location: urlOf(`/v2/${repository}/blobs/${digest}`),
    'Docker-Content-Digest': digest,
  });
}

/** end-4a, end-4b, end-4c, end-11: begins an upload, or ends it at once with the whole blob or by a mount. */
export async function startUpload(context: RepositoryContext): Promise<Reply> {
  const { request, registry, repository, urlOf, caller } = context;
  const { query } = request;
  const mount = query.get('mount');
  if (mount !== null) {
    const digest = parseDigest(mount);
    if (await mountFrom(context, digest)) return created(repository, digest, urlOf);
  }
  const whole = query.get('digest');
  if (whole !== null) {
    const digest = parseDigest(whole);
    await registry.uploads.receiveWhole(repository, digest, announcedBy(request), bodyOf(request));
    return created(repository, digest, urlOf);
  }
  const algorithm = query.get('digest-algorithm') ?? 'sha256';
  if (!isDigestAlgorithm(algorithm)) {
    throw new RegistryError('DIGEST_INVALID', {
      message: 'digest-algorithm must be sha256 or sha512',
    });
  }
  const upload = await registry.uploads.start(repository, { algorithm, tokenDigest: caller.tokenDigest });
  return empty(202, uploadHeaders(repository, upload, urlOf));
}

/**
 * A named source was checked with the route; "the registry MAY treat the `from` parameter as optional", and then it
 * is any repository that this caller may pull from.
 */
function mountFrom(
  { request, registry, repository, caller }: RepositoryContext,
  digest: Digest,
): Promise<boolean> {
  const from = request.query.get('from');
  return from === null
    ? registry.blobs.mountFromAny(repository, digest, pullableBy(caller))
    : registry.blobs.mount(repository, digest, parseRepositoryName(from));
}

/** end-13: how far an upload has come. */
export async function getUpload({ registry, repository, target, urlOf }: RepositoryContext): Promise<Reply> {
  const upload = await registry.uploads.status(repository, target);
  return { status: 204, headers: uploadHeaders(repository, upload, urlOf) };
}

/** end-5 */
export async function patchUpload({
  request,
  registry,
  repository,
  target,
  urlOf,
}: RepositoryContext): Promise<Reply> {
  const upload = await registry.uploads.append(repository, target, announcedBy(request), bodyOf(request));
  return empty(202, uploadHeaders(repository, upload, urlOf));
}

/** end-6 */
export async function putUpload({
  request,
  registry,
  repository,
  target,
  urlOf,
}: RepositoryContext): Promise<Reply> {
  const text = request.query.get('digest');
  if (text === null) {
    throw new RegistryError('DIGEST_INVALID', {
      message: 'the query parameter "digest" is missing: it names what the upload has to be',
    });
  }
  const digest = parseDigest(text);
  await registry.uploads.finish(repository, target, digest, announcedBy(request), bodyOf(request));
  return created(repository, digest, urlOf);
}

/** end-14 */
export async function deleteUpload({ registry, repository, target }: RepositoryContext): Promise<Reply> {
  await registry.uploads.cancel(repository, target);
  return { status: 204, headers: {} };
}
