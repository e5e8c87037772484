import type { RuleSource } from '../../auth/stored-rules-authorizer.ts';
import type { SqlClient } from './client.ts';
import { askTable } from './tables.ts';

const TABLE = 'xorm_acl_entry';

/** docker_auth's table `xorm_acl_entry`. */
export function xormRules(client: SqlClient): RuleSource {
  return {
    async load() {
      const rows = await askTable(client, TABLE, `SELECT seq, acl_entry FROM ${TABLE} ORDER BY seq`);
      return rows.map(({ seq, acl_entry: rule }) => ({
        seq,
        rule: Buffer.isBuffer(rule) ? rule.toString('utf8') : rule,
      }));
    },
    close: () => client.close(),
  };
}
