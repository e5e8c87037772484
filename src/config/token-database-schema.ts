import type { Decoding } from './decoding.ts';
import type { ConfigNode } from './node.ts';
import { type RedisSettings, redisTokenDb } from './redis-schema.ts';
import { namesFile, noEffect, optional, required, type Type, type Values } from './schema.ts';
import { int, nonEmptyText } from './types-scalar.ts';
import { placeOfKey, section } from './types-section.ts';

/** Where logins by a browser are kept. */
export type TokenDatabaseSettings =
  /** Berth's own index; `path` is where it lies for a service without a data folder. */
  { readonly kind: 'index'; readonly path: string | undefined } | RedisSettings | GcsSettings;

/** A bucket of Google Cloud Storage. */
export interface GcsSettings {
  readonly kind: 'gcs';
  readonly bucket: string;
  /** The key of a service account, in JSON. */
  readonly keyFile: string;
}

const COST = noEffect(
  int({ min: 0 }),
  'docker_auth does not read it either; passwords are random and need no slow hash',
);

/** cloud.google.com/storage/docs/buckets#naming, without what only Google can tell. */
const BUCKET = /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/;

const bucket: Type<string> = {
  ...nonEmptyText,
  decode(node, at) {
    const value = nonEmptyText.decode(node, at);
    if (value === undefined || BUCKET.test(value)) return value;
    at.report(
      `${at.name}: ${JSON.stringify(value)} cannot be a bucket; write its name alone, without gs:// and folders`,
      node.place,
    );
    return undefined;
  },
};

/** The keys for it; docker_auth takes the first of GCS, Redis and LevelDB that is there. */
export const tokenDatabaseFields = {
  level_token_db: optional(
    section({
      path: required(
        nonEmptyText,
        "LevelDB's folder of docker_auth. It is not read: logins are kept in the data folder, or, where there is none, in a new folder beside it, `<path>.berth`.",
      ),
      token_hash_cost: COST,
    }),
    'Logins are kept in a folder.',
  ),
  redis_token_db: optional(redisTokenDb, 'Logins are kept in Redis, as docker_auth keeps them.'),
  gcs_token_db: optional(
    section({
      bucket: required(bucket, 'Bucket with one object for each account. Give each section its own.'),
      client_secret_file: namesFile(
        required(nonEmptyText, 'File with the key of a service account, in JSON, as Google gives it out.'),
      ),
      token_hash_cost: noEffect(int({ min: 0 }), 'passwords are random and need no slow hash'),
    }),
    'Logins are kept in Google Cloud Storage, as docker_auth keeps them.',
  ),
};

type Databases = Values<typeof tokenDatabaseFields>;
/** In docker_auth's order: the first one that is there is taken. */
const ORDER = ['gcs_token_db', 'redis_token_db', 'level_token_db'] as const;

/** The database that was chosen. */
export function tokenDatabase(value: Databases, at: Decoding, node: ConfigNode): TokenDatabaseSettings {
  const [taken, ...others] = ORDER.filter((key) => value[key] !== undefined);
  for (const other of others) {
    at.notice(
      `"${[...at.path, taken].join('.')}" is taken, and ${other} is not`,
      placeOfKey(node, other, at),
    );
  }
  const { gcs_token_db: gcs, redis_token_db: redis, level_token_db: level } = value;
  if (gcs !== undefined) return { kind: 'gcs', bucket: gcs.bucket, keyFile: gcs.client_secret_file };
  if (redis !== undefined) return redis;
  const path = level?.path;
  if (path !== undefined) {
    at.notice(
      `"${[...at.path, 'level_token_db'].join('.')}": LevelDB is not read, so that everybody signs in once more; logins are kept in the data folder (data:), or else in ${path}.berth`,
      placeOfKey(node, 'level_token_db', at),
    );
  }
  return { kind: 'index', path };
}
