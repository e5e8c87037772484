const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n, // U+00B5, micro sign
  μs: 1_000n, // U+03BC, Greek mu
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const TERM = /(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))([^0-9.]+)/y;
const MAX_INT64 = 9_223_372_036_854_775_807n;
/** More text than this is no duration, and digits without end would cost time. */
const MAX_LENGTH = 100;

/**
 * A duration as Go writes it (`24h`, `1m30s`, `1.5s`, `-10ms`, `0`), in nanoseconds; undefined when it is
 * not one or does not fit in 64 bits. Source: Go `time.ParseDuration`.
 */
export function parseGoDuration(text: string): bigint | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const negative = text.startsWith('-');
  const body = negative || text.startsWith('+') ? text.slice(1) : text;
  // "a sequence of decimal numbers, each with optional fraction and a unit suffix"; zero alone needs none.
  if (body === '0') return 0n;
  if (body === '') return undefined;
  let total = 0n;
  TERM.lastIndex = 0;
  while (TERM.lastIndex < body.length) {
    const match = TERM.exec(body);
    if (match === null) return undefined;
    const unit = NANOSECONDS[match[4] ?? ''];
    if (unit === undefined) return undefined;
    const fraction = match[2] ?? match[3] ?? '';
    // Go cuts off what is smaller than a nanosecond; so does the division of BigInt.
    const fractional = fraction === '' ? 0n : (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length);
    total += BigInt(match[1] ?? '0') * unit + fractional;
    if (total > MAX_INT64) return undefined;
  }
  return negative ? -total : total;
}
