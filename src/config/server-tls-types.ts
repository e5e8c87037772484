import { BROKEN_SUITES, CIPHER_SUITES, DEFAULT_CIPHERS, SUITE_IDS, TLS13_SUITES } from './cipher-suites.ts';
import type { Place } from './config-error.ts';
import type { Decoding } from './decoding.ts';
import type { Type } from './schema.ts';
import { suggest } from './suggest.ts';
import type { TlsSettings } from './tls-settings.ts';
import { text } from './types-scalar.ts';

/*
 * docker_auth takes each of these by a name of Go's `crypto/tls` or as the number that goes over the wire
 * (`strconv.ParseUint(s, 0, 16)`).
 */

function numberIn(written: string): number | undefined {
  return /^(?:0[xX][0-9a-fA-F]+|[0-9]+)$/.test(written) ? Number(written) : undefined;
}

/** A type whose values have names and numbers. `find` answers with a clause where the value is of no use. */
function named<T>(name: string, find: (written: string) => { readonly value: T } | string): Type<T> {
  return {
    name,
    shape: text.shape,
    decode(node, at) {
      const written = text.decode(node, at);
      if (written === undefined) return undefined;
      const found = find(written);
      if (typeof found !== 'string') return found.value;
      at.report(`${at.name}: ${JSON.stringify(written.slice(0, 60))} ${found}`, node.place);
      return undefined;
    },
  };
}

type Version = TlsSettings['minVersion'];
const VERSIONS = new Map<string | number, Version>([
  ['TLS12', 'TLSv1.2'],
  ['TLS13', 'TLSv1.3'],
  [0x0303, 'TLSv1.2'],
  [0x0304, 'TLSv1.3'],
]);
const OLD_VERSIONS = new Set<string | number>(['TLS10', 'TLS11', 'SSL30', 0x0300, 0x0301, 0x0302]);

/** `tls_min_version` */
export const minVersion: Type<Version> = named('version of TLS', (written) => {
  const key = numberIn(written) ?? written;
  const value = VERSIONS.get(key);
  if (value !== undefined) return { value };
  return OLD_VERSIONS.has(key)
    ? 'is not supported; it is broken: write TLS12 or TLS13'
    : 'is no version of TLS; write TLS12, TLS13, 0x0303 or 0x0304';
});

/** By Go's `tls.CurveID`; OpenSSL's names for them. */
const CURVES = new Map<string | number, string>([
  ['P256', 'P-256'],
  ['P384', 'P-384'],
  ['P521', 'P-521'],
  ['X25519', 'X25519'],
  ['X25519MLKEM768', 'X25519MLKEM768'],
  [23, 'P-256'],
  [24, 'P-384'],
  [25, 'P-521'],
  [29, 'X25519'],
  [4588, 'X25519MLKEM768'],
]);

/** An entry of `tls_curve_preferences`, as OpenSSL names it. */
export const curve: Type<string> = named('curve', (written) => {
  const value = CURVES.get(numberIn(written) ?? written);
  if (value !== undefined) return { value };
  return 'is no group that is known here; write P256, P384, P521, X25519 or X25519MLKEM768';
});

/** An entry of `tls_cipher_suites`, by Go's name. */
export const cipherSuite: Type<string> = named('cipher suite', (written) => {
  const number = numberIn(written);
  const value = number === undefined ? written : (SUITE_IDS.get(number) ?? written);
  if (Object.hasOwn(CIPHER_SUITES, value) || TLS13_SUITES.includes(value)) return { value };
  if (BROKEN_SUITES.has(value)) return 'is broken and no longer exists; remove it';
  const known = Object.keys(CIPHER_SUITES);
  const near = suggest(value, known);
  const advice = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
  return `is no cipher suite; ${advice}`;
});

/** OpenSSL's names of the suites that are to be used. */
export function checkSuites(
  suites: readonly string[] | undefined,
  version: Version,
  at: Decoding,
  place: Place,
): readonly string[] {
  if (suites === undefined) return DEFAULT_CIPHERS;
  if (version === 'TLSv1.3') {
    at.report(
      '"server.tls_cipher_suites" cannot stand beside tls_min_version: TLS13, which leaves no choice of cipher suites; remove one of the two',
      place,
    );
  }
  const named = suites.flatMap((suite) => CIPHER_SUITES[suite] ?? []);
  if (named.length === 0 && version === 'TLSv1.2') {
    at.report(
      '"server.tls_cipher_suites" names none of TLS 1.2; add one, or write tls_min_version: TLS13',
      place,
    );
  }
  return named;
}
