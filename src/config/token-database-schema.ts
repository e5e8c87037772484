import type { Decoding } from './decoding.ts';
import type { ConfigNode } from './node.ts';
import { type RedisSettings, redisTokenDb } from './redis-schema.ts';
import { noEffect, optional, required, unsupported, type Values } from './schema.ts';
import { anything, int, nonEmptyText } from './types-scalar.ts';
import { placeOfKey, section } from './types-section.ts';

/** Where logins by a browser are kept. */
export type TokenDatabaseSettings =
  /** Berth's own index; `path` is where it lies for a service without a data folder. */
  { readonly kind: 'index'; readonly path: string | undefined } | RedisSettings;

const COST = noEffect(
  int({ min: 0 }),
  'docker_auth does not read it either; passwords are random and need no slow hash',
);

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
  gcs_token_db: unsupported(anything, 'this version of Berth keeps logins in its data folder'),
};

/** The database that was chosen. */
export function tokenDatabase(
  value: Values<typeof tokenDatabaseFields>,
  at: Decoding,
  node: ConfigNode,
): TokenDatabaseSettings {
  const path = value.level_token_db?.path;
  if (value.redis_token_db !== undefined) {
    if (path !== undefined) {
      at.notice(
        `"${[...at.path, 'redis_token_db'].join('.')}" is taken, and level_token_db is not`,
        placeOfKey(node, 'level_token_db', at),
      );
    }
    return value.redis_token_db;
  }
  if (path !== undefined) {
    at.notice(
      `"${[...at.path, 'level_token_db'].join('.')}": LevelDB is not read, so that everybody signs in once more; logins are kept in the data folder (data:), or else in ${path}.berth`,
      placeOfKey(node, 'level_token_db', at),
    );
  }
  return { kind: 'index', path };
}
