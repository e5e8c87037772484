import { RegistryError } from '../../errors.ts';
import { parseContentRange } from '../../oci/range.ts';
import type { Announced, Body } from '../../registry/body.ts';
import type { HttpRequest } from '../message.ts';

/** The Content-Length, or undefined where the body comes in chunks. */
export function contentLength(request: HttpRequest): number | undefined {
  const text = request.headers['content-length'];
  return text === undefined ? undefined : Number(text);
}

/**
 * The body as it was stored, or is to be stored: encodings are not undone.
 * @throws RegistryError UNSUPPORTED
 */
export function bodyOf(request: HttpRequest): Body {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return request.body;
  throw new RegistryError('CONTENT_ENCODING', {
    message: `Content-Encoding ${JSON.stringify(encoding.slice(0, 50))} is not supported; send the bytes as they are`,
  });
}

/** @throws InvalidValueError kind `content-range` */
export function announcedBy(request: HttpRequest): Announced {
  const range = request.headers['content-range'];
  return {
    lengthBytes: contentLength(request),
    range: range === undefined ? undefined : parseContentRange(range),
  };
}
