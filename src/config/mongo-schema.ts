import type { Decoding } from './decoding.ts';
import { DsnError, hostAndPort } from './dsn/dsn-error.ts';
import type { ConfigNode } from './node.ts';
import { namesFile, optional, required, type Type, unsupported, withDefault } from './schema.ts';
import type { Secret } from './secret.ts';
import { bool, duration, nonEmptyText, oneOf, secretText, text } from './types-scalar.ts';
import { list, placeOfKey, refine, section } from './types-section.ts';
import { cacheTtl } from './xorm-schema.ts';

const MECHANISMS = ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'PLAIN'] as const;

/** Servers of a MongoDB and what to use there. */
export interface DialInfo {
  /** `host:port` of each, an IPv6 address in brackets; never empty. */
  readonly addresses: readonly string[];
  readonly timeoutMs: number;
  readonly database: string;
  /** undefined: nobody logs in there. */
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  /** A file with the password, as written. */
  readonly passwordFile: string | undefined;
  readonly tls: boolean;
  /** Only this one server is used, whatever else belongs to it. */
  readonly direct: boolean;
  readonly failFast: boolean;
  /** The database that knows the user. */
  readonly source: string;
  readonly mechanism: (typeof MECHANISMS)[number] | undefined;
}

/** Accounts in a collection. */
export interface MongoAuthSettings {
  readonly dialInfo: DialInfo;
  readonly collection: string;
}

/** Rules in a collection. */
export interface AclMongoSettings extends MongoAuthSettings {
  readonly cacheTtlMs: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_PORT = 27_017;

const dialInfo: Type<DialInfo> = refine(
  section({
    addrs: required(list(nonEmptyText), 'Servers, each `host` or `host:port`. All of them are used.'),
    timeout: withDefault(
      duration,
      'How long a server may take to be found, and to answer; 0 is the default, too.',
      DEFAULT_TIMEOUT_MS,
      '10s',
    ),
    database: required(nonEmptyText, 'Name of the database.'),
    username: optional(text, 'User; without it nobody logs in there.'),
    password: optional(secretText, 'Password of the user.'),
    password_file: namesFile(optional(text, 'File with the password of the user.')),
    enable_tls: withDefault(bool, 'Use TLS, and check the certificate.', false),
    direct: withDefault(bool, 'Use the one server of `addrs` alone, and not those that belong to it.', false),
    failfast: withDefault(bool, 'Give up after a second where no server is found.', false),
    source: optional(
      text,
      'Database that knows the user; `admin` unless written, as docker_auth always has it.',
    ),
    service: unsupported(text, 'it is for Kerberos, which docker_auth never used either'),
    mechanism: optional(
      oneOf(MECHANISMS, {
        instead: {
          'MONGODB-CR': 'no server since MongoDB 4.0 has it; write SCRAM-SHA-256, or leave it out',
          'MONGODB-X509': 'write SCRAM-SHA-256, or leave it out',
          GSSAPI: 'write SCRAM-SHA-256, or leave it out',
        },
      }),
      'How the user logs in; found out unless written.',
    ),
  }),
  (value, at, node): DialInfo | undefined => {
    const addresses = value.addrs.map((address, index) => addressOf(address, index, at, node));
    const fault = faultOf(value);
    if (fault !== undefined) at.report(fault.message, placeOfKey(node, fault.key, at));
    return {
      addresses,
      timeoutMs: value.timeout === 0 ? DEFAULT_TIMEOUT_MS : value.timeout,
      database: value.database,
      username: value.username || undefined,
      password: isEmpty(value.password) ? undefined : value.password,
      passwordFile: value.password_file || undefined,
      tls: value.enable_tls,
      direct: value.direct,
      failFast: value.failfast,
      source: value.source || 'admin',
      mechanism: value.mechanism,
    };
  },
);

function isEmpty(secret: Secret | undefined): boolean {
  return secret === undefined || secret.reveal() === '';
}

function faultOf(value: {
  readonly addrs: readonly string[];
  readonly direct: boolean;
  readonly database: string;
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly password_file: string | undefined;
}): { readonly key: string; readonly message: string } | undefined {
  const hasFile = (value.password_file ?? '') !== '';
  const hasPassword = hasFile || !isEmpty(value.password);
  if (value.addrs.length === 0) return { key: 'addrs', message: '"addrs" is empty; write [host:27017]' };
  if (/[\s/\\."$\0]/.test(value.database)) {
    return {
      key: 'database',
      message: 'the name of a MongoDB database has no space, slash, dot, quote or $',
    };
  }
  if (value.direct && value.addrs.length > 1) {
    return {
      key: 'direct',
      message: '"direct" is about one server, and there are several in "addrs"; keep one',
    };
  }
  if (hasFile && !isEmpty(value.password)) {
    return { key: 'password', message: '"password" and "password_file" are both written; keep one of them' };
  }
  if (hasPassword && (value.username ?? '') === '') {
    return { key: hasFile ? 'password_file' : 'password', message: 'there is a password, but no "username"' };
  }
  if (!hasPassword && (value.username ?? '') !== '') {
    return { key: 'username', message: 'there is a "username", but neither "password" nor "password_file"' };
  }
  return undefined;
}

function addressOf(text: string, index: number, at: Decoding, node: ConfigNode): string {
  try {
    const { host, port } = hostAndPort(text, DEFAULT_PORT);
    // What stands here becomes part of a URI.
    if (host !== '' && /^[\w.:%-]+$/.test(host)) return `${host.includes(':') ? `[${host}]` : host}:${port}`;
  } catch (error) {
    if (!(error instanceof DsnError)) throw error;
  }
  const inside = at.at('addrs', placeOfKey(node, 'addrs', at)).at(index, placeOfKey(node, 'addrs', at));
  // A whole URI may have a password in it, and is not repeated.
  inside.report(`${inside.name} must be host or host:port, such as mongo.example.com:27017`);
  return '';
}

const place = {
  dial_info: required(dialInfo, 'How to reach it.'),
};

/** `mongo_auth` */
export const mongoAuth: Type<MongoAuthSettings> = refine(
  section({ ...place, collection: required(nonEmptyText, 'Name of the collection with the accounts.') }),
  (value) => ({ dialInfo: value.dial_info, collection: value.collection }),
);

/** `acl_mongo` */
export const aclMongo: Type<AclMongoSettings> = refine(
  section({
    ...place,
    collection: required(nonEmptyText, 'Name of the collection with the rules.'),
    cache_ttl: cacheTtl,
  }),
  (value) => ({
    dialInfo: value.dial_info,
    collection: value.collection,
    cacheTtlMs: value.cache_ttl,
  }),
);
