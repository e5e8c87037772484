import type { AccountTable, StoredAccount } from '../../auth/identity/stored-accounts.ts';
import type { Logger } from '../../ports.ts';
import type { MongoCollection } from './connection.ts';
import { uniqueIndex } from './unique-index.ts';

interface Found {
  readonly _id?: unknown;
  readonly username?: unknown;
  readonly password?: unknown;
  readonly labels?: unknown;
}

const FIELDS = { username: 1, password: 1, labels: 1 } as const;

/** docker_auth's collection of accounts: `{username, password, labels}`. */
export function mongoAccounts(collection: MongoCollection, log: Logger): AccountTable {
  const ready = uniqueIndex(collection, 'username', log);
  return {
    async find(account) {
      await ready();
      const found = await collection.ask((opened) =>
        opened.find<Found>({ username: { $eq: account } }, { projection: FIELDS, limit: 100 }).toArray(),
      );
      // The collection may have a collation for which another case is the same.
      const [one, other] = found.filter(({ username }) => username === account);
      if (other !== undefined) {
        throw new Error(
          `${collection.place}: several documents of ${collection.name} have the same username`,
        );
      }
      return one && accountOf(one, collection.name);
    },
    async sampleHash() {
      await ready();
      const found = await collection.ask((opened) => opened.findOne<Found>({}, { projection: FIELDS }));
      return typeof found?.password === 'string' ? found.password : undefined;
    },
    close: () => collection.close(),
  };
}

function accountOf({ _id: id, password, labels }: Found, name: string): StoredAccount {
  return {
    place: `document ${String(id)} of ${name}`,
    passwordHash: typeof password === 'string' ? password : undefined,
    labels,
  };
}
