import { InvalidValueError, quoted } from './invalid.ts';

/** Bytes `first` to `last`, both included and counted from 0. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

const BYTES = /^bytes=(.*)$/i;
const ONE_RANGE = /^\s*(\d*)-(\d*)\s*$/;

/**
 * Reads a Range header against a body of this size (RFC 9110, section 14.2).
 * @returns undefined where the whole body is the answer: no header, another unit, or several ranges
 * @throws InvalidValueError kind `range` where the range is malformed or holds none of the bytes
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const list = header === undefined ? undefined : BYTES.exec(header)?.[1];
  if (list === undefined || list.includes(',')) return undefined;
  const [, from, to] = ONE_RANGE.exec(list) ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) {
    throw new InvalidValueError('range', `${quoted(header ?? '')} is not a range: write bytes=FIRST-LAST`);
  }
  const range =
    from === ''
      ? { first: Math.max(0, sizeBytes - Number(to)), last: sizeBytes - 1 }
      : { first: Number(from), last: to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1) };
  if (range.first > range.last || (to !== '' && from !== '' && Number(from) > Number(to))) {
    throw new InvalidValueError('range', `${quoted(header ?? '')} holds none of the ${sizeBytes} bytes`);
  }
  return range;
}

const CONTENT_RANGE = /^(?:(\d{1,15})-(\d{1,15})|bytes (\d{1,15})-(\d{1,15})(?:\/(?:\d{1,15}|\*))?)$/;

/**
 * Reads the Content-Range of an upload's chunk, `FIRST-LAST` (distribution-spec, "Pushing a blob in chunks").
 * HTTP's own form, `bytes FIRST-LAST/TOTAL`, is taken as well, since generic clients send it.
 * @throws InvalidValueError kind `content-range`
 */
export function parseContentRange(header: string): ByteRange {
  const [, ociFirst, ociLast, httpFirst, httpLast] = CONTENT_RANGE.exec(header) ?? [];
  const first = ociFirst ?? httpFirst;
  const last = ociLast ?? httpLast;
  if (first === undefined || last === undefined || Number(first) > Number(last)) {
    throw new InvalidValueError(
      'content-range',
      `${quoted(header)} is not a Content-Range: write FIRST-LAST, counted in bytes from 0`,
    );
  }
  return { first: Number(first), last: Number(last) };
}
