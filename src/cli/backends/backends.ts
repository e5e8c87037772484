import type { Authorizer } from '../../auth/authorizer.ts';
import type { IdentityProvider } from '../../auth/identity/provider.ts';
import type { AccessSettings, BackendSettings } from '../../config/auth-backends-schema.ts';
import type { Endpoint } from '../../http/app.ts';
import { acl } from './acl.ts';
import { casbinAuthz } from './casbin.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { google } from './google.ts';
import { httpAuth, httpAuthz } from './http-hooks.ts';
import { ldap } from './ldap.ts';
import { aclMongo, mongoAuth } from './mongo.ts';
import { oidc } from './oidc.ts';
import type { AccessBuilder, BackendDependencies, IdentityBuilder } from './parts.ts';
import { pluginAuthn, pluginAuthz } from './plugins.ts';
import { extAuth, extAuthz } from './programs.ts';
import { users } from './users.ts';
import { workload } from './workload.ts';
import { aclXorm, xormAuth } from './xorm.ts';

/**
 * In docker_auth's order: the first one that knows the account decides. Workloads come before: they are known by what they
 * present, and no other provider needs to see it.
 */
const IDENTITIES: readonly IdentityBuilder[] = [
  workload,
  users,
  extAuth,
  google,
  github,
  oidc,
  gitlab,
  ldap,
  mongoAuth,
  xormAuth,
  pluginAuthn,
  httpAuth,
];

/** In docker_auth's order: the first one that has a rule decides. */
const RULES: readonly AccessBuilder[] = [
  acl,
  aclMongo,
  aclXorm,
  httpAuthz,
  extAuthz,
  pluginAuthz,
  casbinAuthz,
];

/** Everything that the sections about accounts and rules ask for. */
export interface Backends {
  readonly providers: readonly IdentityProvider[];
  readonly authorizers: readonly Authorizer[];
  readonly endpoints: readonly (readonly [string, Endpoint])[];
  /** Lets go of connections, once nothing is asked any more. Resolves also where one of them cannot be ended well. */
  close(): Promise<void>;
}

/**
 * Puts the sections together that were written.
 * @throws ConfigError; what was opened by then is closed
 */
export async function wireBackends(settings: BackendSettings, deps: BackendDependencies): Promise<Backends> {
  const providers: IdentityProvider[] = [];
  const authorizers: Authorizer[] = [];
  const endpoints: (readonly [string, Endpoint])[] = [];
  const close = () => closeAll([...providers, ...authorizers]);
  try {
    for (const build of IDENTITIES) {
      const part = await build(settings, deps);
      if (part === undefined) continue;
      providers.push(part.provider);
      // The first section's page is where `/` leads to.
      endpoints.push(
        ...(part.endpoints ?? []).filter(([path]) => !endpoints.some(([taken]) => taken === path)),
      );
    }
    authorizers.push(...(await wireRules(settings, deps)));
  } catch (error) {
    await close();
    throw error;
  }
  return { providers, authorizers, endpoints, close };
}

/**
 * The sections about rules alone.
 * @throws ConfigError; what was opened by then is closed
 */
export async function wireRules(settings: AccessSettings, deps: BackendDependencies): Promise<Authorizer[]> {
  const authorizers: Authorizer[] = [];
  try {
    for (const build of RULES) {
      const authorizer = await build(settings, deps);
      if (authorizer !== undefined) authorizers.push(authorizer);
    }
  } catch (error) {
    await closeAll(authorizers);
    throw error;
  }
  return authorizers;
}

async function closeAll(parts: readonly { close?(): Promise<void> }[]): Promise<void> {
  await Promise.allSettled(parts.map((part) => part.close?.()));
}
