import { IndexTokenDatabase } from '../../auth/login/index-database.ts';
import { RedisTokenDatabase } from '../../auth/login/redis-database.ts';
import { openState } from '../state.ts';
import { gcsTokenDatabase } from './gcs-token-database.ts';
import type { OpenTokenDatabase } from './parts.ts';

/** Less than the second within which a revoked password has to be refused everywhere, with the time of a question. */
const REMEMBER_GCS_MS = 500;

/** As the configuration asks for. */
export const openTokenDatabase: OpenTokenDatabase = async (section, settings, deps) => {
  const { index } = deps;
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
    ...{ rememberMs: 0, mayHoldLegacy: false },
  };
};
