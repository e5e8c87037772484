import { OidcUpstream } from '../../auth/login/upstream/oidc.ts';
import { browserLogin } from './browser-login.ts';
import type { IdentityBuilder } from './parts.ts';

/** docker_auth's `oidc_auth`. */
export const oidc: IdentityBuilder = async (settings, deps) => {
  const own = settings.oidc_auth;
  if (own === undefined) return undefined;
  const { issuer, redirectUrl, clientId, scopes, userClaim, labelClaims, acceptUnverifiedEmail } = own;
  return browserLogin(
    {
      ...{ section: 'oidc_auth', settings: own, redirectUrl },
      upstream: (clientSecret) =>
        new OidcUpstream({
          title: new URL(issuer).host,
          ...{ issuer, redirectUrl, clientId, clientSecret, scopes, userClaim, labelClaims },
          acceptUnverifiedEmail,
          parameters: own.prompt === undefined ? {} : { prompt: own.prompt },
          timeoutMs: own.httpTimeoutMs,
          clock: deps.clock,
        }),
    },
    deps,
  );
};
