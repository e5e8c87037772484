import { GitlabUpstream } from '../../auth/login/upstream/gitlab.ts';
import { browserLogin } from './browser-login.ts';
import type { IdentityBuilder } from './parts.ts';

/** docker_auth's `gitlab_auth`. */
export const gitlab: IdentityBuilder = async (settings, deps) => {
  const own = settings.gitlab_auth;
  if (own === undefined) return undefined;
  const { webUrl, apiUrl, clientId, organization: group, redirectUrl } = own;
  return browserLogin(
    {
      ...{ section: 'gitlab_auth', settings: own, redirectUrl },
      upstream: (clientSecret) =>
        new GitlabUpstream({
          ...{ webUrl, apiUrl, clientId, clientSecret, group, redirectUrl },
          ...{ timeoutMs: own.httpTimeoutMs, clock: deps.clock },
        }),
    },
    deps,
  );
};
