import { type Rule, ruleKeeper, type TestDatabase } from './database.ts';

/** A question to a database by its own client, with `?` for values. */
export type Ask = (statement: string, values?: readonly unknown[]) => Promise<readonly unknown[]>;

/** As Go marshals docker_auth's `ACLEntry`, whose own fields have no names for JSON. */
function goJson({ match, actions }: Rule): string {
  return JSON.stringify({ Match: match, Actions: actions, Comment: null });
}

/** docker_auth's two tables, by the questions that xorm asks. */
export function sqlTables(
  ask: Ask,
  columns: Ask,
): Pick<TestDatabase, 'addAccounts' | 'setHash' | 'setRules' | 'made'> {
  return {
    async addAccounts(accounts) {
      for (const { username, hash, labels } of accounts) {
        await ask('INSERT INTO xorm_user (username, password_hash, labels) VALUES (?, ?, ?)', [
          username,
          hash,
          labels === undefined ? null : JSON.stringify(labels),
        ]);
      }
    },
    async setHash(username, hash) {
      await ask('UPDATE xorm_user SET password_hash = ? WHERE username = ?', [hash, username]);
    },
    setRules: ruleKeeper(
      (rule) => ask('INSERT INTO xorm_acl_entry (acl_entry, seq) VALUES (?, ?)', [goJson(rule), rule.seq]),
      (seq) =>
        seq === null
          ? ask('DELETE FROM xorm_acl_entry WHERE seq IS NULL')
          : ask('DELETE FROM xorm_acl_entry WHERE seq = ?', [seq]),
    ),
    async made() {
      const found = await columns('');
      return found.map((row) => Object.values(row as object).join(' ')).toSorted();
    },
  };
}

export function xormSections(type: string, connection: string, cacheTtl: string): string {
  const quoted = JSON.stringify(connection);
  return `xorm_auth: {database_type: ${type}, conn_string: ${quoted}}
acl_xorm: {database_type: ${type}, conn_string: ${quoted}, cache_ttl: ${cacheTtl}}
`;
}
