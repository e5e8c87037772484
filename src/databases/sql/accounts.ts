import type { AccountTable, StoredAccount } from '../../auth/identity/stored-accounts.ts';
import type { Row, SqlClient } from './client.ts';
import { askTable } from './tables.ts';

const TABLE = 'xorm_user';
/** Names that a database takes for the same, in another case for example; nobody has more of them. */
const MAX_ALIKE = 100;

/** docker_auth's table `xorm_user`. Where several rows have the same name, the newest holds, as there. */
export function xormAccounts(client: SqlClient): AccountTable {
  return {
    async find(account) {
      // PostgreSQL refuses a text with this character in it, and so no row can have it.
      if (account.includes('\0')) return undefined;
      const rows = await askTable(
        client,
        TABLE,
        `SELECT id, username, password_hash, labels FROM ${TABLE} WHERE username = ? ORDER BY id DESC LIMIT ${MAX_ALIKE}`,
        [account],
      );
      const row = rows.find(({ username }) => textOf(username) === account);
      return row && accountOf(row);
    },
    async sampleHash() {
      const [row] = await askTable(
        client,
        TABLE,
        `SELECT password_hash FROM ${TABLE} ORDER BY id DESC LIMIT 1`,
      );
      return textOf(row?.['password_hash']);
    },
    close: () => client.close(),
  };
}

function accountOf(row: Row): StoredAccount {
  return {
    place: `row ${String(row['id'])} of ${TABLE}`,
    passwordHash: textOf(row['password_hash']),
    labels: textOf(row['labels']) ?? row['labels'],
  };
}

/** A text, also from a column of bytes. */
function textOf(value: unknown): string | undefined {
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  return typeof value === 'string' ? value : undefined;
}
