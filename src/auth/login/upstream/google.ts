import { OidcUpstream } from './oidc.ts';

/** What is wanted of Google. */
export interface GoogleOptions
  extends Pick<
    ConstructorParameters<typeof OidcUpstream>[0],
    'redirectUrl' | 'clientId' | 'clientSecret' | 'timeoutMs' | 'clock'
  > {
  /** A Google Workspace domain; undefined: any account may log in. */
  readonly domain: string | undefined;
  /** Another OpenID provider in the place of Google's, for tests. */
  readonly issuer?: string;
}

/**
 * Google as the OpenID provider that it is. Google: "If the hd claim is absent, the account does not belong to a Google
 * hosted domain": the domain of an address alone proves nothing.
 */
export function googleUpstream({ domain, issuer, ...options }: GoogleOptions): OidcUpstream {
  return new OidcUpstream({
    ...options,
    title: 'Google',
    issuer: issuer ?? 'https://accounts.google.com',
    scopes: ['openid', 'email'],
    // Google's own way to ask for a refresh token.
    parameters: { access_type: 'offline', prompt: 'consent', ...(domain !== undefined && { hd: domain }) },
    userClaim: 'email',
    // Asked for, so that it is looked up where it is missing.
    labelClaims: [],
    acceptUnverifiedEmail: false,
    refuse: ({ hd }) =>
      domain === undefined || hd === domain ? undefined : `Only accounts of ${domain} may log in here.`,
  });
}
