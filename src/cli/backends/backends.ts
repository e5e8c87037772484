import type { Authorizer } from '../../auth/authorizer.ts';
import type { IdentityProvider } from '../../auth/identity/provider.ts';
import type { Source } from '../../auth/source.ts';
import { watchAuthorizer, watchProvider } from '../../auth/watched.ts';
import type { AccessSettings, BackendSettings } from '../../config/auth-backends-schema.ts';
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
  let rules = NO_RULES;
  const close = async (): Promise<void> => {
    await Promise.allSettled([...identities.map(({ provider }) => provider.close?.()), rules.close()]);
  };
  try {
    for (const build of IDENTITIES) {
      const part = await collecting(problems, async () => build(settings, deps));
      if (part !== undefined) identities.push(part);
    }
    rules = (await collecting(problems, () => wireRules(settings, deps))) ?? rules;
    throwIfAny(problems);
  } catch (error) {
    await close();
    throw error;
  }
  // The first section's page is where `/` leads to.
  const endpoints = new Map(identities.flatMap((part) => part.endpoints ?? []).toReversed());
  const accounts = identities.map(({ provider }) => watchProvider(provider, deps.metrics));
  return {
    providers: accounts.map(({ provider }) => provider),
    authorizers: rules.authorizers,
    rules: rules.rules,
    sources: [...accounts.map(({ source }) => source), ...rules.sources],
    ...{ endpoints: [...endpoints], close },
    async start() {
      await Promise.all([...identities.map((part) => part.start?.()), rules.start()]);
    },
  };
}

/** What the sections about rules ask for. */
export interface Rules {
  readonly authorizers: readonly Authorizer[];
  /** The authorizers as they were made, for those that take their place. */
  readonly rules: readonly Authorizer[];
  /** Each of them as it is seen from outside. */
  readonly sources: readonly Source[];
  /** See `AccessPart`. */
  start(): Promise<void>;
  /** Lets go of connections, once nothing is asked any more. Resolves also where one of them cannot be ended well. */
  close(): Promise<void>;
}

const NO_RULES: Rules = {
  ...{ authorizers: [], rules: [], sources: [] },
  start: async () => undefined,
  close: async () => undefined,
};

/**
 * Puts the sections about rules together that were written, and connects to nothing yet.
 * @param within stands in front of the names of sources, where several have the same sections
 * @throws ConfigError with what is wrong in each of them; what was opened by then is closed
 */
export async function wireRules(
  settings: AccessSettings,
  deps: BackendDependencies,
  within = '',
): Promise<Rules> {
  const problems: ConfigProblem[] = [];
  const parts: AccessPart[] = [];
  const close = async (): Promise<void> => {
    await Promise.allSettled(parts.map(({ authorizer }) => authorizer.close?.()));
  };
  try {
    for (const build of RULES) {
      const part = await collecting(problems, async () => build(settings, deps));
      if (part !== undefined) parts.push(part);
    }
    throwIfAny(problems);
  } catch (error) {
    await close();
    throw error;
  }
  const rules = parts.map(({ authorizer }) => authorizer);
  const watched = rules.map((one) => watchAuthorizer(one, deps.metrics, within + one.name));
  return {
    authorizers: watched.map(({ authorizer }) => authorizer),
    rules,
    sources: watched.map(({ source }) => source),
    async start() {
      await Promise.all(parts.map((part) => part.start?.()));
    },
    close,
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
