import { ANYBODY_PULLS } from '../auth/authorizer.ts';
import { GuardedAccounts } from '../auth/guarded-accounts.ts';
import { HtpasswdAccounts } from '../auth/identity/htpasswd-accounts.ts';
import { PasswordChecker } from '../auth/identity/password-checker.ts';
import { KeyRing } from '../auth/token/key-ring.ts';
import { TokenService } from '../auth/token-service.ts';
import type { HtpasswdSettings } from '../config/registry-auth-settings.ts';
import { AnonymousPullAccess } from '../http/v2/anonymous-pull-access.ts';
import { BasicAccess } from '../http/v2/basic-access.ts';
import type { AccessDependencies, RegistryAccess } from './access-parts.ts';
import { makeIfMissing, readHtpasswd } from './htpasswd-file.ts';
import { OWN_SERVICE, ownTokens } from './own-tokens.ts';
import { tokenEndpoints } from './token-endpoints.ts';
import { watchFiles } from './watched-files.ts';

/** Another one than that of `auth.builtin`, so that the tokens of one mean nothing to the other. */
const ISSUER = 'berth htpasswd';

/** A token outlives a changed password by so much at most. Clients ask for a new one by themselves. */
const LIFETIME_SECONDS = 300;

/**
 * `auth.htpasswd`: the accounts of a password file, which is read again when it changes.
 * @throws ConfigError
 */
export async function htpasswdAccess(
  settings: HtpasswdSettings,
  deps: AccessDependencies,
): Promise<RegistryAccess> {
  const { document, log, clock } = deps;
  const { path, realm } = settings;
  await makeIfMissing(document, path, log);
  const accounts = new HtpasswdAccounts(new PasswordChecker(clock));
  const load = (): void => accounts.replace(readHtpasswd(document, path, log).hashes);
  load();
  const watch = await watchFiles({ files: [path], what: 'the htpasswd file', log, reload: load });
  if (settings.anonymous === undefined) {
    return {
      control: new BasicAccess({ accounts: new GuardedAccounts(accounts, deps.guard), realm }),
      endpoints: [],
      watch,
    };
  }
  const rotation = { everyMs: 0, overlapMs: LIFETIME_SECONDS * 1000 };
  const keys = await KeyRing.open({ index: deps.index.signingKeys, clock, log, rotation });
  const stop = (): void => {
    watch.stop();
    keys.stop();
  };
  return { ...(await anonymousPull(accounts, keys, realm, deps)), watch: { look: watch.look, stop } };
}

async function anonymousPull(
  accounts: HtpasswdAccounts,
  keys: KeyRing,
  realm: string,
  deps: AccessDependencies,
): Promise<RegistryAccess> {
  const { clock, urls, guard } = deps;
  const { service, verifier } = await ownTokens({
    service: ({ servicesBy, ...common }) =>
      new TokenService({ ...common, providers: [accounts], services: servicesBy([ANYBODY_PULLS]) }),
    issuer: ISSUER,
    keys,
    lifetimes: { lifetimeSeconds: LIFETIME_SECONDS },
    logins: undefined,
    clock,
    guard,
  });
  return {
    control: new AnonymousPullAccess({
      accounts,
      logins: new GuardedAccounts(accounts, guard),
      verifier,
      service: OWN_SERVICE,
      realm: (request) => `${urls.baseOf(request)}/auth/token`,
    }),
    endpoints: tokenEndpoints(service, keys, realm),
  };
}
