import { RememberedProvider } from '../../auth/identity/remembered.ts';
import { StoredAccounts } from '../../auth/identity/stored-accounts.ts';
import { StoredRules } from '../../auth/stored-rules-authorizer.ts';
import { xormAccounts } from '../../databases/sql/accounts.ts';
import { sqlClient } from '../../databases/sql/open.ts';
import { xormRules } from '../../databases/sql/rules.ts';
import type { AccessBuilder, IdentityBuilder } from './parts.ts';

/** A database is asked for a row by its key, which is quick, and a change in it shall hold at once. */
export const DATABASE_REMEMBERING = { rightMs: 1_000, wrongMs: 1_000 } as const;

/** docker_auth's `xorm_auth`. */
export const xormAuth: IdentityBuilder = (settings, { passwords, log, clock }) => {
  if (settings.xorm_auth === undefined) return undefined;
  const table = xormAccounts(sqlClient(settings.xorm_auth.target));
  const accounts = new StoredAccounts({ name: 'xorm_auth', table, passwords, log });
  return {
    provider: new RememberedProvider(accounts, clock, DATABASE_REMEMBERING),
    start: () => accounts.probe(),
  };
};

/** docker_auth's `acl_xorm`. */
export const aclXorm: AccessBuilder = (settings, { clock, log, metrics, before }) => {
  if (settings.acl_xorm === undefined) return undefined;
  const { target, cacheTtlMs: everyMs } = settings.acl_xorm;
  const source = xormRules(sqlClient(target));
  const rules = new StoredRules({ name: 'acl_xorm', source, everyMs, clock, log, metrics });
  return { authorizer: rules, start: () => rules.start(before) };
};
