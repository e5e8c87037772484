import type { Authorizer } from '../../auth/authorizer.ts';
import type { IdentityProvider } from '../../auth/identity/provider.ts';
import type { Source } from '../../auth/source.ts';
import { watchAuthorizer, watchProvider } from '../../auth/watched.ts';
import type { BackendSettings } from '../../config/auth-backends-schema.ts';
import { ConfigError, type ConfigProblem, throwIfAny } from '../../config/config-error.ts';
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
import type {
  AccessBuilder,
  AccessPart,
  BackendDependencies,
  IdentityBuilder,
  IdentityPart,
} from './parts.ts';
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
  /** The authorizers as they were made, for those that take their place. */
  readonly rules: readonly Authorizer[];
  /** Each of them as it is seen from outside. */
  readonly sources: readonly Source[];
  readonly endpoints: readonly (readonly [string, Endpoint])[];
  /** Begins to ask what is outside of this process. Resolves after the first try of each; never rejects. */
  start(): Promise<void>;
  /** Lets go of connections, once nothing is asked any more. Resolves also where one of them cannot be ended well. */
  close(): Promise<void>;
}

/**
 * Puts the sections together that were written, and connects to nothing yet.
 * @throws ConfigError with what is wrong in each of them; what was opened by then is closed
 */
export async function wireBackends(settings: BackendSettings, deps: BackendDependencies): Promise<Backends> {
  const problems: ConfigProblem[] = [];
  const identities: IdentityPart[] = [];
  const rules: AccessPart[] = [];
  const close = async (): Promise<void> => {
    const parts = [
      ...identities.map(({ provider }) => provider),
      ...rules.map(({ authorizer }) => authorizer),
    ];
    await Promise.allSettled(parts.map((part) => part.close?.()));
  };
  try {
    for (const build of IDENTITIES) {
      const part = await collecting(problems, async () => build(settings, deps));
      if (part !== undefined) identities.push(part);
    }
    for (const build of RULES) {
      const part = await collecting(problems, async () => build(settings, deps));
      if (part !== undefined) rules.push(part);
    }
    throwIfAny(problems);
  } catch (error) {
    await close();
    throw error;
  }
  // The first section's page is where `/` leads to.
  const endpoints = new Map(identities.flatMap((part) => part.endpoints ?? []).toReversed());
  const accounts = identities.map(({ provider }) => watchProvider(provider, deps.metrics));
  const access = rules.map(({ authorizer }) => watchAuthorizer(authorizer, deps.metrics));
  return {
    providers: accounts.map(({ provider }) => provider),
    authorizers: access.map(({ authorizer }) => authorizer),
    rules: rules.map(({ authorizer }) => authorizer),
    sources: [...accounts, ...access].map(({ source }) => source),
    ...{ endpoints: [...endpoints], close },
    async start() {
      await Promise.all([...identities, ...rules].map((part) => part.start?.()));
    },
  };
}

/** Keeps what is wrong with a configuration, for the rest of it to be looked at, too. */
async function collecting<T>(problems: ConfigProblem[], action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
