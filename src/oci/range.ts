import { InvalidValueError, quoted } from './invalid.ts';

/** Bytes `first` to `last`, both included and counted from 0. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

const BYTES = /^bytes=(.*)$/i;
const ONE_RANGE = /^\s*(\d*)-(\d*)\s*$/;

/** A request for more pieces than this is answered with the whole (RFC 9110, section 14.2, allows that). */
const MAX_ASKED = 100;
const MAX_RANGES = 16;

/** Two ranges with fewer bytes between them are sent as one: a part's own header is longer. */
const MIN_GAP_BYTES = 80;

/**
 * Reads a Range header against a body of this size (RFC 9110, section 14.2). Ranges that touch or overlap become one;
 * of several, those that hold none of the bytes are left out.
 * @returns undefined where the whole body is the answer: no header, another unit, or too many ranges
 * @throws InvalidValueError kind `range` where a range is malformed, or none holds any of the bytes
 */
export function parseRanges(header: string | undefined, sizeBytes: number): readonly ByteRange[] | undefined {
  const list = header === undefined ? undefined : BYTES.exec(header)?.[1];
  if (list === undefined) return undefined;
  // RFC 9110, section 5.6.1.2: empty elements of a list mean nothing.
  const elements = list.split(',', MAX_ASKED + 1).filter((text) => text.trim() !== '');
  if (elements.length > MAX_ASKED) return undefined;
  const asked = elements.length === 0 ? [list] : elements;
  const found = asked.map((text) => parseOne(text, sizeBytes));
  // A body without bytes has a suffix of any length, which no Content-Range can express.
  if (sizeBytes === 0 && asked.every(isSuffix)) return undefined;
  const ranges = found.filter((range) => range !== undefined).reduce(merge, []);
  if (ranges.length === 0) {
    throw new InvalidValueError('range', `${quoted(header ?? '')} holds none of the ${sizeBytes} bytes`);
  }
  return ranges.length > MAX_RANGES ? undefined : ranges;
}

function isSuffix(text: string): boolean {
  return /^\s*-0*[1-9]/.test(text);
}

/** @returns undefined where the range holds none of the bytes */
function parseOne(text: string, sizeBytes: number): ByteRange | undefined {
  const [, from, to] = ONE_RANGE.exec(text) ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) {
    throw new InvalidValueError('range', `${quoted(text)} is not a range: write bytes=FIRST-LAST`);
  }
  const range =
    from === ''
      ? { first: Math.max(0, sizeBytes - Number(to)), last: sizeBytes - 1 }
      : { first: Number(from), last: to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1) };
  const isBackwards = to !== '' && from !== '' && Number(from) > Number(to);
  return range.first > range.last || isBackwards ? undefined : range;
}

/** Adds a range, in the place of the first that it touches, so that parts come in the order in which they were asked. */
function merge(ranges: readonly ByteRange[], added: ByteRange): ByteRange[] {
  let whole = added;
  let rest = [...ranges];
  let place = rest.length;
  for (;;) {
    const near = rest.findIndex(
      ({ first, last }) => whole.first - last <= MIN_GAP_BYTES && first - whole.last <= MIN_GAP_BYTES,
    );
    const other = rest[near];
    if (other === undefined) return rest.toSpliced(place, 0, whole);
    whole = { first: Math.min(whole.first, other.first), last: Math.max(whole.last, other.last) };
    rest = rest.toSpliced(near, 1);
    place = Math.min(near, place);
  }
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
