import { RegistryError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { type EntityTags, isAmong, type Precondition } from '../oci/precondition.ts';
import type { HttpRequest, Reply, ReplyHeaders } from './message.ts';

/** `"…"`, `W/"…"`, and, as some clients write it, the tag without quotes. */
const ENTITY_TAG = /\s*(?:(W\/)?"([^"]*)"|([^",\s]+))\s*(?:,|$)|\s*,/y;

/** The entity tag of content that its digest names (RFC 9110, section 8.8.3). */
export function etagOf(digest: string): string {
  return `"${digest}"`;
}

function entityTags(name: string, header: string | undefined, takesWeak: boolean): EntityTags | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return '*';
  const tags: string[] = [];
  const grammar = new RegExp(ENTITY_TAG);
  while (grammar.lastIndex < header.length) {
    const found = grammar.exec(header);
    if (found === null) {
      throw new RegistryError('REQUEST_INVALID', {
        message: `${name} is malformed: write "*", or digests between double quotes, with commas between them`,
      });
    }
    const [, weak, quoted, bare] = found;
    const tag = quoted ?? bare;
    if (tag !== undefined && (weak === undefined || takesWeak)) tags.push(tag);
  }
  return tags;
}

/**
 * What a request makes its effect depend on (RFC 9110, section 13.1). If-Match compares strongly: a weak tag, such as
 * a compressing proxy makes, never matches.
 * @returns undefined for a request without conditions
 * @throws RegistryError REQUEST_INVALID: to overlook a condition would be to overwrite
 */
export function preconditionOf({ headers }: HttpRequest): Precondition | undefined {
  const match = headers['if-match'];
  const noneMatch = headers['if-none-match'];
  if (match === undefined && noneMatch === undefined) return undefined;
  return {
    ifMatch: entityTags('If-Match', match, false),
    ifNoneMatch: entityTags('If-None-Match', noneMatch, true),
  };
}

/**
 * The answer to a conditional GET or HEAD of content that is there, or undefined where it is to be sent.
 * @param headers of the answer; 304 carries those that a cache keeps (RFC 9110, section 15.4.5)
 * @throws RegistryError PRECONDITION_FAILED
 */
export function notModified(
  { ifMatch, ifNoneMatch }: Precondition,
  digest: Digest,
  headers: ReplyHeaders,
): Reply | undefined {
  if (ifMatch !== undefined && !isAmong(ifMatch, digest)) {
    throw new RegistryError('PRECONDITION_FAILED', {
      message: `what is here is ${digest}, which is not what If-Match asks for`,
    });
  }
  if (ifNoneMatch === undefined || !isAmong(ifNoneMatch, digest)) return undefined;
  const { 'Content-Length': _length, 'Content-Type': _type, ...kept } = headers;
  return { status: 304, headers: kept };
}
