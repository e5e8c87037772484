import { IndexTokenDatabase } from '../../auth/login/index-database.ts';
import { RedisTokenDatabase } from '../../auth/login/redis-database.ts';
import type { TokenDatabase } from '../../auth/login/token-database.ts';
import type { TokenDatabaseSettings } from '../../config/token-database-schema.ts';
import { openState } from '../state.ts';
import { gcsTokenDatabase } from './gcs-token-database.ts';
import type { BackendDependencies } from './parts.ts';

/** A token database, and what has to be known of it. */
export interface OpenedDatabase {
  readonly database: TokenDatabase;
  /**
   * How long an answer may be remembered, in milliseconds; 0 where asking costs little. For so long a password may go
   * on that was revoked.
   */
  readonly rememberMs: number;
  /** docker_auth may have written to it. */
  readonly mayHoldLegacy: boolean;
}

/** Less than the second within which a revoked password has to be refused everywhere, with the time of a question. */
const REMEMBER_GCS_MS = 500;

/**
 * The token database of a section.
 * @throws ConfigError, Failure
 */
export async function openTokenDatabase(
  section: string,
  settings: TokenDatabaseSettings,
  deps: BackendDependencies,
): Promise<OpenedDatabase> {
  const { document, index } = deps;
  if (settings.kind === 'gcs') {
    const database = await gcsTokenDatabase(section, settings, deps);
    return { database, ...{ rememberMs: REMEMBER_GCS_MS, mayHoldLegacy: true } };
  }
  if (settings.kind === 'redis') {
    const { password, kind: _, ...server } = settings;
    const database = new RedisTokenDatabase({ ...server, password: password?.reveal() });
    return { database, ...{ rememberMs: 0, mayHoldLegacy: true } };
  }
  if (index !== undefined) {
    return {
      database: new IndexTokenDatabase(index.browserLogins, section),
      ...{ rememberMs: 0, mayHoldLegacy: false },
    };
  }
  if (settings.path === undefined) {
    throw document.errorAt(
      [section],
      `"${section}" has no place for its logins; write data: and a folder at the top of the file`,
    );
  }
  const own = await openState(`${settings.path}.berth`);
  const inIndex = new IndexTokenDatabase(own.index.browserLogins, section);
  return {
    database: {
      find: (account) => inIndex.find(account),
      replace: (account, text, expected) => inIndex.replace(account, text, expected),
      remove: (account, expected) => inIndex.remove(account, expected),
      close: () => own.index.close(),
    },
    ...{ rememberMs: 0, mayHoldLegacy: false },
  };
}
