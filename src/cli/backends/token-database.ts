import { IndexTokenDatabase } from '../../auth/login/index-database.ts';
import { RedisTokenDatabase } from '../../auth/login/redis-database.ts';
import type { TokenDatabase } from '../../auth/login/token-database.ts';
import type { TokenDatabaseSettings } from '../../config/token-database-schema.ts';
import type { Index } from '../../index/index.ts';
import { openState } from '../state.ts';

/** A token database, and what has to be known of it. */
export interface OpenedDatabase {
  readonly database: TokenDatabase;
  /** It is out of this process, and is not to be asked for each token. */
  readonly isRemote: boolean;
  /** docker_auth may have written to it. */
  readonly mayHoldLegacy: boolean;
}

/**
 * Opens the token database of a section. The index is that of the data folder, where there is one.
 * @throws Failure
 */
export type OpenTokenDatabase = (
  section: string,
  settings: TokenDatabaseSettings,
  index: Index | undefined,
) => Promise<OpenedDatabase>;

/** As the configuration asks for. */
export const openTokenDatabase: OpenTokenDatabase = async (section, settings, index) => {
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
  if (settings.path === undefined) throw new Error(`there is no place for the logins of ${section}`);
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
};
