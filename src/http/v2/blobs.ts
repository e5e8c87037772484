import { parseDigest } from '../../oci/digest.ts';
import { InvalidValueError } from '../../oci/invalid.ts';
import { type ByteRange, parseRange } from '../../oci/range.ts';
import { HttpError } from '../http-error.ts';
import { empty, type HttpRequest, type Reply } from '../message.ts';
import type { RepositoryContext } from './context.ts';

/** end-2: GET a blob, or a range of it. */
export async function getBlob({ request, registry, repository, target }: RepositoryContext): Promise<Reply> {
  const digest = parseDigest(target);
  const { sizeBytes, range, stream } = await registry.blobs.open(repository, digest, (size) =>
    rangeOf(request, digest, size),
  );
  const lengthBytes = range === undefined ? sizeBytes : range.last - range.first + 1;
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      ...blobHeaders(digest, lengthBytes),
      ...(range && { 'Content-Range': `bytes ${range.first}-${range.last}/${sizeBytes}` }),
    },
    body: stream,
  };
}

function etagOf(digest: string): string {
  return `"${digest}"`;
}

/** @throws HttpError 416, which says how many bytes there are (RFC 9110, section 15.5.17) */
function rangeOf(request: HttpRequest, digest: string, sizeBytes: number): ByteRange | undefined {
  // RFC 9110, section 13.1.5: with another validator the Range is to be ignored.
  const ifRange = request.headers['if-range'];
  if (ifRange !== undefined && ifRange !== etagOf(digest)) return undefined;
  try {
    return parseRange(request.headers['range'], sizeBytes);
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
export async function headBlob({ registry, repository, target }: RepositoryContext): Promise<Reply> {
  const digest = parseDigest(target);
  return { status: 200, headers: blobHeaders(digest, await registry.blobs.sizeBytes(repository, digest)) };
}

/** end-10 */
export async function deleteBlob({ registry, repository, target }: RepositoryContext): Promise<Reply> {
  await registry.removal.blob(repository, parseDigest(target));
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
