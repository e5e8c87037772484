import { RegistryError } from '../../errors.ts';

import { MAX_MANIFEST_BYTES } from '../../oci/manifest.ts';
import { parseReference } from '../../oci/reference.ts';
import type { StoredManifest } from '../../registry/manifests.ts';
import { empty, type Reply, readBody } from '../message.ts';
import type { RepositoryContext } from './context.ts';
import { bodyOf, contentLength } from './request-body.ts';

function manifestHeaders(manifest: Omit<StoredManifest, 'bytes'>): Record<string, string> {
  return {
    'Content-Type': manifest.mediaType,
    'Content-Length': String(manifest.sizeBytes),
    'Docker-Content-Digest': manifest.digest,
    ETag: `"${manifest.digest}"`,
  };
}

/** end-3: the bytes that were pushed, under the type that they were pushed with. */
export async function getManifest({ registry, repository, target }: RepositoryContext): Promise<Reply> {
  const manifest = await registry.manifests.read(repository, parseReference(target));
  return { status: 200, headers: manifestHeaders(manifest), body: manifest.bytes };
}

/** end-3: HEAD */
export async function headManifest({ registry, repository, target }: RepositoryContext): Promise<Reply> {
  return {
    status: 200,
    headers: manifestHeaders(await registry.manifests.find(repository, parseReference(target))),
  };
}

/** end-7a */
export async function putManifest(context: RepositoryContext): Promise<Reply> {
  const { request, registry, repository, target, caller, urlOf } = context;
  const reference = parseReference(target);
  if ((contentLength(request) ?? 0) > MAX_MANIFEST_BYTES) throw new RegistryError('MANIFEST_TOO_LARGE');
  const bytes = await readBody(bodyOf(request), MAX_MANIFEST_BYTES);
  if (bytes === undefined) throw new RegistryError('MANIFEST_TOO_LARGE');
  const { digest, subject } = await registry.manifests.put({
    repository,
    reference,
    bytes,
    contentType: request.headers['content-type'],
    actor: caller.account,
  });
  return empty(201, {
    Location: urlOf(`/v2/${repository}/manifests/${digest}`),
    'Docker-Content-Digest': digest,
    ...(subject && { 'OCI-Subject': subject }),
  });
}

/** end-9 */
export async function deleteManifest(context: RepositoryContext): Promise<Reply> {
  const { registry, repository, target, caller } = context;
  await registry.removal.manifest(repository, parseReference(target), caller.account);
  return empty(202);
}
