import { RememberedProvider } from '../../auth/identity/remembered.ts';
import { StoredAccounts } from '../../auth/identity/stored-accounts.ts';
import { StoredRules } from '../../auth/stored-rules-authorizer.ts';
import type { ConfigDocument } from '../../config/document.ts';
import type { MongoAuthSettings } from '../../config/mongo-schema.ts';
import { mongoAccounts } from '../../databases/mongo/accounts.ts';
import { type MongoCollection, mongoCollection } from '../../databases/mongo/connection.ts';
import { mongoRules } from '../../databases/mongo/rules.ts';
import { readNamedFile } from '../key-files.ts';
import type { AccessBuilder, IdentityBuilder } from './parts.ts';
import { DATABASE_REMEMBERING } from './xorm.ts';

/** docker_auth's `mongo_auth`. */
export const mongoAuth: IdentityBuilder = (settings, { document, passwords, log, clock }) => {
  if (settings.mongo_auth === undefined) return undefined;
  const table = mongoAccounts(collectionOf(document, 'mongo_auth', settings.mongo_auth), log);
  const accounts = new StoredAccounts({ name: 'mongo_auth', table, passwords, log });
  return {
    provider: new RememberedProvider(accounts, clock, DATABASE_REMEMBERING),
    start: () => accounts.probe(),
  };
};

/** docker_auth's `acl_mongo`. */
export const aclMongo: AccessBuilder = (settings, { document, clock, log, metrics, before }) => {
  if (settings.acl_mongo === undefined) return undefined;
  const source = mongoRules(collectionOf(document, 'acl_mongo', settings.acl_mongo), log);
  const everyMs = settings.acl_mongo.cacheTtlMs;
  const rules = new StoredRules({ name: 'acl_mongo', source, everyMs, clock, log, metrics });
  return { authorizer: rules, start: () => rules.start(before) };
};

/** @throws ConfigError where the file with the password cannot be read */
function collectionOf(
  document: ConfigDocument,
  section: 'mongo_auth' | 'acl_mongo',
  { dialInfo, collection }: MongoAuthSettings,
): MongoCollection {
  const { passwordFile } = dialInfo;
  const password =
    passwordFile === undefined
      ? dialInfo.password?.reveal()
      : readNamedFile(document, [section, 'dial_info', 'password_file'], passwordFile).trim();
  return mongoCollection(dialInfo, collection, password);
}
