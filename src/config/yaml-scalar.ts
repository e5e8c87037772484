/**
 * What Go's yaml.v2 makes of an unquoted scalar when nothing says which type is wanted.
 * Integers beyond 2^53 are given as bigint so that no digit is lost.
 */
export type Resolved =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string };

const WORDS = new Map<string, Resolved>();
for (const word of ['', '~', 'null', 'Null', 'NULL']) WORDS.set(word, { kind: 'null' });
for (const word of ['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']) {
  WORDS.set(word, { kind: 'bool', value: true });
}
for (const word of ['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']) {
  WORDS.set(word, { kind: 'bool', value: false });
}
for (const word of ['.nan', '.NaN', '.NAN']) WORDS.set(word, { kind: 'float', value: Number.NaN });
for (const word of ['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF']) {
  WORDS.set(word, { kind: 'float', value: Number.POSITIVE_INFINITY });
}
for (const word of ['-.inf', '-.Inf', '-.INF']) {
  WORDS.set(word, { kind: 'float', value: Number.NEGATIVE_INFINITY });
}

const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|0[bB]([01]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const MIN_INT64 = -(2n ** 63n);
const MAX_UINT64 = 2n ** 64n - 1n;
/** A longer scalar is no number; converting it would cost more than it could be worth. */
const MAX_NUMBER_LENGTH = 100;

/**
 * Resolves an unquoted scalar. Source: yaml.v2 `resolve()` — YAML 1.1 words, `0x`, `0o`, `0b` and leading-0
 * octal integers with underscores anywhere, no base-60 numbers; a date stays text.
 */
export function resolveScalar(text: string): Resolved {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  // yaml.v2 tries numbers only behind a digit, a sign or a point, and takes underscores out first.
  if (!/^[-+.0-9]/.test(text) || text.length > MAX_NUMBER_LENGTH) return { kind: 'text', value: text };
  const plain = text.startsWith('.') ? text : text.replaceAll('_', '');
  const integer = parseInteger(plain);
  if (integer !== undefined) return { kind: 'int', value: integer };
  if (FLOAT.test(plain)) return { kind: 'float', value: Number(plain) };
  return { kind: 'text', value: text };
}

/** Go's `strconv.ParseInt(s, 0, 64)`, and `ParseUint` for what is larger. */
function parseInteger(plain: string): bigint | undefined {
  const match = INTEGER.exec(plain);
  if (match === null) return undefined;
  const [, sign, hex, octal, binary, decimal] = match;
  const digits =
    hex !== undefined
      ? `0x${hex}`
      : octal !== undefined
        ? `0o${octal}`
        : binary !== undefined
          ? `0b${binary}`
          : (decimal ?? '');
  const magnitude = BigInt(digits);
  const value = sign === '-' ? -magnitude : magnitude;
  // ParseUint takes no sign: "+18446744073709551615" is out of range, without the sign it is not.
  const max = sign === '' ? MAX_UINT64 : 2n ** 63n - 1n;
  return value < MIN_INT64 || value > max ? undefined : value;
}
