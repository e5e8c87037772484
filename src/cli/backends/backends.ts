import type { Authorizer } from '../../auth/authorizer.ts';
import type { IdentityProvider } from '../../auth/identity/provider.ts';
import type { Source } from '../../auth/source.ts';
import { watchAuthorizer, watchProvider } from '../../auth/watched.ts';
import type { BackendSettings } from '../../config/auth-backends-schema.ts';
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
  /** Each of them as it is seen from outside. */
  readonly sources: readonly Source[];
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
  const sources: Source[] = [];
  const endpoints: (readonly [string, Endpoint])[] = [];
  const close = async (): Promise<void> => {
    await Promise.allSettled([...providers, ...authorizers].map((part) => part.close?.()));
  };
  try {
    for (const build of IDENTITIES) {
      const part = await build(settings, deps);
      if (part === undefined) continue;
      const { provider, source } = watchProvider(part.provider, deps.metrics);
      providers.push(provider);
      sources.push(source);
      // The first section's page is where `/` leads to.
      endpoints.push(
        ...(part.endpoints ?? []).filter(([path]) => !endpoints.some(([taken]) => taken === path)),
      );
    }
    for (const build of RULES) {
      const rules = await build(settings, deps);
      if (rules === undefined) continue;
      const { authorizer, source } = watchAuthorizer(rules, deps.metrics);
      authorizers.push(authorizer);
      sources.push(source);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { providers, authorizers, sources, endpoints, close };
}
