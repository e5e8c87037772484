import type { Decoding } from './decoding.ts';
import { checkHeader } from './header-checks.ts';
import { type ConfigNode, formatPath } from './node.ts';
import { limitsOf, loginLimits, type OutsideLimits, ruleLimits } from './outside-schema.ts';
import { optional, readAgain, required, type Type, withDefault } from './schema.ts';
import type { Secret } from './secret.ts';
import { bool, nonEmptyText, secretText } from './types-scalar.ts';
import { map, placeOfKey, refine, section } from './types-section.ts';

/** An HTTP service that is asked. */
export interface HttpHookSettings extends OutsideLimits {
  readonly url: URL;
  /** Where it is asked how an account stands; on the server of `url`. */
  readonly lookupUrl: URL | undefined;
  /** Added to every request. */
  readonly headers: ReadonlyMap<string, Secret>;
  /** The same, each with the file that holds its value, as written. */
  readonly headerFiles: ReadonlyMap<string, string>;
  /** PEM file, as written; undefined: the authorities that Node knows. */
  readonly caCertificate: string | undefined;
}

const headers = refine(map(secretText), (value, at, node) => {
  for (const [name, secret] of value) checkHeader(name, [secret.reveal()], at, node);
  return value;
});

const headerFiles = refine(map(nonEmptyText), (value, at, node) => {
  for (const name of value.keys()) checkHeader(name, [], at, node);
  return value;
});

const hookFields = {
  url: required(
    nonEmptyText,
    'Where questions are sent, by POST; https, or http to this machine. Redirects are not followed.',
  ),
  headers: optional(headers, 'Headers of every request.'),
  header_files: optional(
    headerFiles,
    'Headers of every request, each with the file that holds its value, such as a token; read again when it changes.',
  ),
  ca_certificate: readAgain(
    optional(nonEmptyText, 'PEM file with the authorities of the service; those that Node knows if not set.'),
  ),
  allow_plain_http: withDefault(
    bool,
    'Allow http to other machines: passwords and answers can then be read and changed on the way.',
    false,
  ),
};

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

const lookupFields = {
  lookup_url: optional(
    nonEmptyText,
    'Where it is asked, by POST, how an account stands that logged in before; at the same server as `url`. Without it, such logins end by `token.refresh.unchecked_expiration`.',
  ),
};

interface HookValues {
  readonly url: string;
  readonly lookup_url?: string | undefined;
  readonly headers: ReadonlyMap<string, Secret> | undefined;
  readonly header_files: ReadonlyMap<string, string> | undefined;
  readonly ca_certificate: string | undefined;
  readonly allow_plain_http: boolean;
}

function urlOf(
  written: string,
  isPlainAllowed: boolean,
  key: 'url' | 'lookup_url',
  at: Decoding,
  node: ConfigNode,
): URL | undefined {
  const place = placeOfKey(node, key, at);
  const name = `"${formatPath([...at.path, key])}"`;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hash !== '') {
    at.report(`${name} must be a URL such as https://accounts.example.com/login`, place);
    return undefined;
  }
  if (url.username !== '' || url.password !== '') {
    at.report(`${name} holds credentials; put them into a file and name it under header_files`, place);
    return undefined;
  }
  if (url.protocol === 'http:' && !isPlainAllowed && !LOOPBACK.test(url.hostname)) {
    at.report(
      `${name} is not encrypted and leaves this machine; write https, or allow_plain_http: true if nobody can listen`,
      place,
    );
  }
  return url;
}

function settingsOf(values: HookValues, at: Decoding, node: ConfigNode) {
  const { allow_plain_http: isPlainAllowed, lookup_url: lookup } = values;
  const url = urlOf(values.url, isPlainAllowed, 'url', at, node);
  const lookupUrl = lookup === undefined ? undefined : urlOf(lookup, isPlainAllowed, 'lookup_url', at, node);
  // The headers are secrets of one server.
  if (url !== undefined && lookupUrl !== undefined && lookupUrl.origin !== url.origin) {
    at.report(
      `"${formatPath([...at.path, 'lookup_url'])}" is at another server than url; write an address at ${url.origin}`,
      placeOfKey(node, 'lookup_url', at),
    );
  }
  const written = values.headers ?? new Map<string, Secret>();
  const fromFiles = values.header_files ?? new Map<string, string>();
  const names = new Set([...written.keys()].map((name) => name.toLowerCase()));
  for (const name of fromFiles.keys()) {
    if (!names.has(name.toLowerCase())) continue;
    at.report(`${at.name}: the header ${name} is under headers, too; remove one of the two`);
  }
  return (
    url && { url, lookupUrl, headers: written, headerFiles: fromFiles, caCertificate: values.ca_certificate }
  );
}

/** `http_auth`. */
export const httpAuth: Type<HttpHookSettings> = refine(
  section({ ...hookFields, ...lookupFields, ...loginLimits }),
  (values, at, node) => {
    const settings = settingsOf(values, at, node);
    return settings && { ...settings, ...limitsOf(values, at) };
  },
);

/** `http_authz`. */
export const httpAuthz: Type<HttpHookSettings> = refine(
  section({ ...hookFields, ...ruleLimits }),
  (values, at, node) => {
    const settings = settingsOf(values, at, node);
    return settings && { ...settings, ...limitsOf(values, at) };
  },
);
