import { IndexTokenDatabase } from '../../auth/login/index-database.ts';
import { RedisTokenDatabase } from '../../auth/login/redis-database.ts';
import type { TokenDatabase } from '../../auth/login/token-database.ts';
import type { TokenDatabaseSettings } from '../../config/token-database-schema.ts';
import { openState } from '../state.ts';
import type { BackendDependencies } from './parts.ts';

/** A token database, and what has to be known of it. */
export interface OpenedDatabase {
  readonly database: TokenDatabase;
  /** It is out of this process, and is not to be asked for each token. */
  readonly isRemote: boolean;
  /** docker_auth may have written to it. */
  readonly mayHoldLegacy: boolean;
}

/**
 * The token database of a section.
 * @throws ConfigError, Failure
 */
export async function openTokenDatabase(
  section: string,
  settings: TokenDatabaseSettings,
  { document, index }: BackendDependencies,
): Promise<OpenedDatabase> {
  if (settings.kind === 'redis') {
    const { password, kind: _, ...server } = settings;
    const database = new RedisTokenDatabase({ ...server, password: password?.reveal() });
    return { database, ...{ isRemote: true, mayHoldLegacy: true } };
  }
  if (index !== undefined) {
    return {
      database: new IndexTokenDatabase(index.browserLogins, section),
      ...{ isRemote: false, mayHoldLegacy: false },
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
    ...{ isRemote: false, mayHoldLegacy: false },
  };
}
