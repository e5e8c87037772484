import { type Digest, parseDigest } from '../../oci/digest.ts';
import { InvalidValueError } from '../../oci/invalid.ts';
import { type ByteRange, parseRanges } from '../../oci/range.ts';
import type { OpenPart } from '../../registry/blobs.ts';
import { etagOf, notModified, preconditionOf } from '../conditional.ts';
import { HttpError } from '../http-error.ts';
import { empty, type HttpRequest, type Reply } from '../message.ts';
import type { RepositoryContext } from './context.ts';
import { multipart } from './multipart.ts';

/** end-2: GET a blob, or ranges of it. */
export async function getBlob({ request, registry, repository, target }: RepositoryContext): Promise<Reply> {
  const digest = parseDigest(target);
  const precondition = preconditionOf(request);
  if (precondition !== undefined) {
    const unchanged = notModified(
      precondition,
      digest,
      blobHeaders(digest, await registry.blobs.sizeBytes(repository, digest)),
    );
    if (unchanged !== undefined) return unchanged;
  }
  const { sizeBytes, content } = await registry.blobs.open(repository, digest, (size) =>
    rangesOf(request, digest, size),
  );
  if ('next' in content) return { status: 200, headers: blobHeaders(digest, sizeBytes), body: content };
  return partial(digest, content, sizeBytes);
}

function partial(digest: Digest, parts: readonly OpenPart[], sizeBytes: number): Reply {
  const [first, second] = parts;
  if (first !== undefined && second === undefined) {
    const { range, stream } = first;
    return {
      status: 206,
      headers: {
        ...blobHeaders(digest, range.last - range.first + 1),
        'Content-Range': `bytes ${range.first}-${range.last}/${sizeBytes}`,
      },
      body: stream,
    };
  }
  const { contentType, lengthBytes, body } = multipart(parts, sizeBytes);
  return { status: 206, headers: { ...blobHeaders(digest, lengthBytes), 'Content-Type': contentType }, body };
}

/** @throws HttpError 416, which says how many bytes there are (RFC 9110, section 15.5.17) */
function rangesOf(request: HttpRequest, digest: string, sizeBytes: number): readonly ByteRange[] | undefined {
  // RFC 9110, section 13.1.5: with another validator the Range is to be ignored.
  const ifRange = request.headers['if-range'];
  if (ifRange !== undefined && ifRange !== etagOf(digest)) return undefined;
  try {
    return parseRanges(request.headers['range'], sizeBytes);
  } catch (error) {
    if (!(error instanceof InvalidValueError)) throw error;
    throw new HttpError(
      'RANGE_INVALID',
      { 'Content-Range': `bytes */${sizeBytes}` },
      { message: error.message },
    );
  }
}

/** end-2: HEAD a blob. */
export async function headBlob({ request, registry, repository, target }: RepositoryContext): Promise<Reply> {
  const digest = parseDigest(target);
  const precondition = preconditionOf(request);
  const headers = blobHeaders(digest, await registry.blobs.promise(repository, digest));
  return (precondition && notModified(precondition, digest, headers)) ?? { status: 200, headers };
}

/** end-10 */
export async function deleteBlob({
  registry,
  repository,
  target,
  caller,
}: RepositoryContext): Promise<Reply> {
  await registry.removal.blob(repository, parseDigest(target), caller.account);
  return empty(202);
}

function blobHeaders(digest: string, lengthBytes: number): Record<string, string> {
  return {
    'Content-Type': 'application/octet-stream',
    'Content-Length': String(lengthBytes),
    'Docker-Content-Digest': digest,
    ETag: etagOf(digest),
    'Accept-Ranges': 'bytes',
    // The bytes of a digest never change.
    'Cache-Control': 'max-age=31536000',
  };
}
