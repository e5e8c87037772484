import {
  accessFields,
  type BackendSettings,
  hasIdentities,
  hasRules,
  identityFields,
} from './auth-backends-schema.ts';
import { checkPair } from './auth-checks.ts';
import { token } from './auth-schema.ts';
import type { ServerSettings, TokenKeySettings } from './auth-settings.ts';
import type { Decoding } from './decoding.ts';
import { parseListenAddress } from './listen-address.ts';
import type { ConfigNode } from './node.ts';
import { optional, required, sub, type Type, unsupported, withDefault } from './schema.ts';
import { anything, nonEmptyText, oneOf, text } from './types-scalar.ts';
import { placeOfKey, refine, section } from './types-section.ts';

const TLS_VERSIONS = {
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
  '0x0303': 'TLSv1.2',
  '0x0304': 'TLSv1.3',
} as const;
const OLD_TLS = 'it is broken; write TLS12 or TLS13';
const server: Type<ServerSettings> = refine(
  section({
    addr: required(nonEmptyText, 'Address to listen on, `HOST:PORT`, or the path of a unix socket.'),
    net: withDefault(oneOf(['tcp', 'unix']), 'Kind of address.', 'tcp'),
    certificate: optional(
      nonEmptyText,
      'PEM file with the TLS certificate; signs tokens, too, if `token` has none.',
    ),
    key: optional(nonEmptyText, 'PEM file with the key of the certificate.'),
    path_prefix: withDefault(text, 'Path in front of every route; begins with a slash.', ''),
    tls_min_version: optional(
      oneOf(['TLS12', 'TLS13', '0x0303', '0x0304'], {
        instead: { TLS10: OLD_TLS, TLS11: OLD_TLS, SSL30: OLD_TLS, '0x0301': OLD_TLS, '0x0302': OLD_TLS },
      }),
      'Lowest TLS version accepted.',
    ),
    real_ip_header: unsupported(text, 'rules on ip see the address of the connection'),
    real_ip_pos: unsupported(text, 'rules on ip see the address of the connection'),
    hsts: unsupported(anything, 'add the header in a reverse proxy'),
    tls_curve_preferences: unsupported(anything, "Node's own choice of curves is used"),
    tls_cipher_suites: unsupported(anything, "Node's own choice of cipher suites is used"),
    letsencrypt: unsupported(anything, 'write certificate and key; another program may renew them'),
  }),
  (value, at, node): ServerSettings | undefined => {
    checkPair(value, at, node);
    const listen = parseListenAddress(value.addr, value.net);
    if (listen.kind === 'wrong') at.report(`"server.addr" ${listen.why}`, placeOfKey(node, 'addr', at));
    const pathPrefix = checkPrefix(value.path_prefix, at, node);
    if (listen.kind === 'wrong') return undefined;
    const { certificate, key, tls_min_version: version } = value;
    return {
      addr: value.addr,
      listen,
      tls: certificate === undefined || key === undefined ? undefined : { certificate, key },
      tlsMinVersion: version === undefined ? undefined : TLS_VERSIONS[version],
      pathPrefix,
    };
  },
);

function checkPrefix(prefix: string, at: Decoding, node: ConfigNode): string {
  if (prefix !== '' && !prefix.startsWith('/')) {
    at.report('"server.path_prefix" must begin with a slash', placeOfKey(node, 'path_prefix', at));
  }
  return prefix.replace(/\/+$/, '');
}

/** A docker_auth file, checked. */
export type AuthConfig = BackendSettings & {
  /** As written, relative to the working directory; undefined: nothing is kept between starts. */
  readonly data: string | undefined;
  readonly server: ServerSettings;
  readonly token: TokenKeySettings & {
    readonly issuer: string;
    readonly expirationSeconds: number;
    /** The signing pair is always there: the token's own, or else the server's. */
    readonly certificate: string;
    readonly key: string;
  };
};

/** The whole docker_auth file. */
export const authSchema: Type<AuthConfig> = refine(
  section({
    server: sub(server, 'Where the token service listens.'),
    token: sub(token, 'What tokens say and how they are signed.'),
    data: optional(
      nonEmptyText,
      "Berth's own: folder for what is kept between starts: accounts made with `berth user`, logins. Made where there is none; without it nothing is kept.",
    ),
    ...identityFields,
    ...accessFields,
  }),
  (value, at, node): AuthConfig | undefined => {
    const { server: listener, token: signing, data, ...backends } = value;
    if (data === undefined && !hasIdentities(backends)) {
      at.report('"users" is missing; write users: {} to refuse everyone', placeOfKey(node, 'users', at));
    }
    if (data === undefined && !hasRules(backends)) {
      at.report('"acl" is missing; write acl: [] to allow nothing', placeOfKey(node, 'acl', at));
    }
    const certificate = signing.certificate ?? listener.tls?.certificate;
    const key = signing.key ?? listener.tls?.key;
    if (certificate === undefined || key === undefined) {
      at.report(
        'nothing to sign tokens with; write certificate and key under "token" or under "server"',
        placeOfKey(node, 'token', at),
      );
      return undefined;
    }
    return {
      ...backends,
      data,
      server: listener,
      token: {
        issuer: signing.issuer,
        expirationSeconds: signing.expiration,
        certificate,
        key,
        disableLegacyKeyId: signing.disable_legacy_key_id,
        x5c: signing.x5c,
        refresh: signing.refresh,
      },
    };
  },
);
