import { googleUpstream } from '../../auth/login/upstream/google.ts';
import { browserLogin } from './browser-login.ts';
import type { IdentityBuilder } from './parts.ts';

/** docker_auth's `google_auth`. */
export const google: IdentityBuilder = async (settings, deps) => {
  const own = settings.google_auth;
  if (own === undefined) return undefined;
  const { domain, redirectUrl, clientId } = own;
  return browserLogin(
    {
      ...{ section: 'google_auth', settings: own, redirectUrl },
      upstream: (clientSecret) =>
        googleUpstream({
          ...{ domain, redirectUrl, clientId, clientSecret },
          ...{ timeoutMs: own.httpTimeoutMs, clock: deps.clock },
        }),
    },
    deps,
  );
};
