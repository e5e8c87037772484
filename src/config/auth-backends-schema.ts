import { acl } from './acl-schema.ts';
import { users } from './auth-schema.ts';
import { casbinAuthz } from './casbin-schema.ts';
import { github } from './github-schema.ts';
import { gitlab } from './gitlab-schema.ts';
import { google } from './google-schema.ts';
import { httpAuth, httpAuthz } from './http-hook-schema.ts';
import { ldapAuth } from './ldap-auth-schema.ts';
import { aclMongo, mongoAuth } from './mongo-schema.ts';
import { oidc } from './oidc-schema.ts';
import { pluginAuthn, pluginAuthz } from './plugin-schema.ts';
import { extAuth, extAuthz } from './program-schema.ts';
import { type Field, optional, type Values } from './schema.ts';
import { workloadIdentity } from './workload-schema.ts';
import { aclXorm, xormAuth } from './xorm-schema.ts';

/** The sections that say who somebody is, in docker_auth's order of asking. */
export const identityFields = {
  workload_identity: optional(
    workloadIdentity,
    "Berth's own: workloads that show a token of their platform in place of a password.",
  ),
  users: optional(users, 'Accounts.'),
  ext_auth: optional(extAuth, 'A program that is asked for accounts.'),
  google_auth: optional(google, 'Logins by a browser at Google.'),
  github_auth: optional(github, 'Logins by a browser at GitHub.'),
  oidc_auth: optional(oidc, 'Logins by a browser at an OpenID provider.'),
  gitlab_auth: optional(gitlab, 'Logins by a browser at GitLab.'),
  ldap_auth: optional(ldapAuth, 'Accounts of an LDAP directory.'),
  mongo_auth: optional(mongoAuth, 'Accounts in a collection of MongoDB.'),
  xorm_auth: optional(xormAuth, 'Accounts in a table of MySQL, PostgreSQL or SQLite.'),
  plugin_authn: optional(pluginAuthn, 'A JavaScript module that is asked for accounts.'),
  http_auth: optional(httpAuth, "Berth's own: an HTTP service that is asked for accounts."),
} as const satisfies Readonly<Record<string, Field<unknown>>>;

/** The sections that say what somebody may do, in docker_auth's order of asking. */
export const accessFields = {
  acl: optional(acl, 'Rules.'),
  acl_mongo: optional(aclMongo, 'Rules in a collection of MongoDB.'),
  acl_xorm: optional(aclXorm, 'Rules in a table of MySQL, PostgreSQL or SQLite.'),
  // Before those that always decide, behind which nothing is ever asked.
  http_authz: optional(httpAuthz, "Berth's own: an HTTP service that is asked for rules."),
  ext_authz: optional(extAuthz, 'A program that is asked for rules.'),
  plugin_authz: optional(pluginAuthz, 'A JavaScript module that is asked for rules.'),
  casbin_authz: optional(casbinAuthz, "Rules in casbin's language."),
} as const satisfies Readonly<Record<string, Field<unknown>>>;

/** The sections that say what somebody may do; undefined: it was not written. */
export type AccessSettings = Values<typeof accessFields>;

/** docker_auth's sections about accounts and rules, each under its own key; undefined: it was not written. */
export type BackendSettings = Values<typeof identityFields> & AccessSettings;

/** Whether anything says what somebody may do. */
export function hasRules(settings: AccessSettings): boolean {
  return Object.keys(accessFields).some((key) => Reflect.get(settings, key) !== undefined);
}
