import type { Decoding } from './decoding.ts';
import type { ConfigNode } from './node.ts';
import { namesFile, optional, required, type Type, type Values, withDefault } from './schema.ts';
import type { Secret } from './secret.ts';
import { type TokenDatabaseSettings, tokenDatabase, tokenDatabaseFields } from './token-database-schema.ts';
import { duration, int, nonEmptyText, secretText } from './types-scalar.ts';
import { placeOfKey } from './types-section.ts';

/** What docker_auth's four sections about logins by a browser have in common. */
export interface LoginSettings {
  readonly clientId: string;
  /** One of the two is there. */
  readonly clientSecret: Secret | undefined;
  readonly clientSecretFile: string | undefined;
  readonly database: TokenDatabaseSettings;
  readonly httpTimeoutMs: number;
  /** For the printed command; as written, without a scheme. */
  readonly registryUrl: string | undefined;
  readonly revalidateAfterMs: number;
  readonly passwordLifetimeMs: number;
}

const seconds = int({ min: 1, unit: 'seconds' });

/** docker_auth takes seconds without a unit in two of its sections, and a duration in the other two. */
const timeout: Type<number> = {
  ...duration,
  decode(node, at) {
    const isNumber = node.kind === 'scalar' && node.plain && /^\d+$/.test(node.text);
    if (!isNumber) return duration.decode(node, at);
    const value = seconds.decode(node, at);
    return value === undefined ? undefined : value * 1000;
  },
};

/** A duration that is longer than nothing. */
const span: Type<number> = {
  ...duration,
  decode(node, at) {
    const value = duration.decode(node, at);
    if (value !== undefined && value < 1000) at.report(`${at.name} must be at least 1s`, node.place);
    return value;
  },
};

const HOUR_MS = 3_600_000;

/** The keys that the four sections share. */
export const loginFields = {
  client_id: required(nonEmptyText, 'By which the identity provider knows this service.'),
  client_secret: optional(
    secretText,
    'Its secret. Where tokens of the identity provider are kept, they are sealed with a key that comes from it.',
  ),
  client_secret_file: namesFile(
    optional(nonEmptyText, 'File with the secret, in the place of `client_secret`.'),
  ),
  ...tokenDatabaseFields,
  http_timeout: withDefault(
    timeout,
    'How long one question to the identity provider may take; a number is seconds.',
    10_000,
    '10s',
  ),
  registry_url: optional(
    nonEmptyText,
    'Address of the registry, for the `docker login` command on the page.',
  ),
  revalidate_after: withDefault(
    span,
    'How long an answer of the identity provider holds. Then it is asked again whether the account may log in, and what its labels are.',
    HOUR_MS,
    '1h',
  ),
  password_lifetime: withDefault(
    span,
    "Berth's own: how long a password from the page holds.",
    90 * 24 * HOUR_MS,
    '2160h',
  ),
};

type LoginValues = Values<typeof loginFields>;

/** Checks what the sections share, and names it as the program does. */
export function loginSettings(value: LoginValues, at: Decoding, node: ConfigNode): LoginSettings {
  const { client_secret: secret, client_secret_file: file } = value;
  if ((secret === undefined) === (file === undefined)) {
    at.report(
      secret === undefined
        ? `${at.name} has no client_secret; write it, or client_secret_file`
        : `${at.name} has both client_secret and client_secret_file; remove one of them`,
      placeOfKey(node, 'client_secret', at),
    );
  }
  return {
    clientId: value.client_id,
    clientSecret: secret,
    clientSecretFile: file,
    database: tokenDatabase(value, at, node),
    httpTimeoutMs: value.http_timeout,
    registryUrl: value.registry_url?.replace(/^https?:\/\//, '').replace(/\/+$/, ''),
    revalidateAfterMs: value.revalidate_after,
    passwordLifetimeMs: value.password_lifetime,
  };
}

/** An address by HTTP or HTTPS, without a slash at the end. Plain HTTP is told of: secrets travel on it. */
export const webAddress: Type<string> = {
  ...nonEmptyText,
  name: 'URL',
  decode(node, at) {
    const value = nonEmptyText.decode(node, at);
    if (value === undefined) return undefined;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if ((url?.protocol !== 'https:' && url?.protocol !== 'http:') || url.username !== '') {
      at.report(`${at.name} must be an address such as https://id.example.com`, node.place);
      return undefined;
    }
    if (url.protocol === 'http:') {
      at.notice(
        `${at.name} is plain HTTP: whoever is on the way can read and change what is sent`,
        node.place,
      );
    }
    return value;
  },
};

/** Where the identity provider sends the browser back to: the page itself. */
export function checkRedirect(
  address: string,
  page: string,
  key: string,
  at: Decoding,
  node: ConfigNode,
): void {
  if (new URL(address).pathname.endsWith(page)) return;
  at.report(
    `"${[...at.path, key].join('.')}" must end with ${page}, which is where this page is`,
    placeOfKey(node, key, at),
  );
}
