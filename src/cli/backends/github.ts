import { GithubUpstream } from '../../auth/login/upstream/github.ts';
import { browserLogin } from './browser-login.ts';
import type { IdentityBuilder } from './parts.ts';

/** docker_auth's `github_auth`. */
export const github: IdentityBuilder = async (settings, deps) => {
  const own = settings.github_auth;
  if (own === undefined) return undefined;
  const { webUrl, apiUrl, clientId, organization } = own;
  return browserLogin(
    {
      ...{ section: 'github_auth', settings: own, redirectUrl: undefined },
      upstream: (clientSecret) =>
        new GithubUpstream({
          ...{ webUrl, apiUrl, clientId, clientSecret, organization },
          ...{ timeoutMs: own.httpTimeoutMs, clock: deps.clock },
        }),
    },
    deps,
  );
};
