import { checkRedirect, type LoginSettings, loginFields, loginSettings, webAddress } from './login-schema.ts';
import { optional, required, type Type, withDefault } from './schema.ts';
import { bool, nonEmptyText } from './types-scalar.ts';
import { list, placeOfKey, refine, section } from './types-section.ts';

/** `oidc_auth`. */
export interface OidcSettings extends LoginSettings {
  readonly issuer: string;
  readonly redirectUrl: string;
  readonly userClaim: string;
  readonly scopes: readonly string[];
  /** Each becomes a label of its name. */
  readonly labelClaims: readonly string[];
  readonly acceptUnverifiedEmail: boolean;
  readonly prompt: string | undefined;
}

/** docker_auth's `oidc_auth`. */
export const oidc: Type<OidcSettings> = refine(
  section({
    issuer: required(webAddress, 'Address of the OpenID provider, as it stands in its ID tokens.'),
    redirect_url: required(
      webAddress,
      'Address of the page `/oidc_auth` of this service, as browsers reach it and the provider knows it.',
    ),
    ...loginFields,
    user_claim: withDefault(nonEmptyText, 'The claim that becomes the account.', 'email'),
    scopes: withDefault(
      list(nonEmptyText),
      'What the provider is asked for. With `offline_access` most give a refresh token, without which everybody has to sign in again once the access token has ended.',
      ['openid', 'email'],
      '[openid, email]',
    ),
    labels_claims: optional(list(nonEmptyText), 'Claims that become labels, each under its own name.'),
    label_claims: optional(
      list(nonEmptyText),
      "The same under the name that docker_auth's reference.yml has for it, and docker_auth does not read.",
    ),
    accept_unverified_email: withDefault(
      bool,
      "Berth's own: take `email` for the account even where the provider does not say `email_verified`. Only for providers whose users cannot write any address there.",
      false,
    ),
    prompt: optional(
      nonEmptyText,
      "Berth's own: sent to the provider. Some give a refresh token only with `consent`.",
    ),
  }),
  (value, at, node): OidcSettings => {
    const common = loginSettings(value, at, node);
    checkRedirect(value.redirect_url, '/oidc_auth', 'redirect_url', at, node);
    if (!value.scopes.includes('openid')) {
      at.report(
        `"${at.path.join('.')}.scopes" must name openid: without it there is no ID token`,
        placeOfKey(node, 'scopes', at),
      );
    }
    if (value.label_claims !== undefined) {
      at.notice(
        `"${at.path.join('.')}.label_claims" is read here, and not by docker_auth, which knows labels_claims only: rules on these labels begin to match`,
        placeOfKey(node, 'label_claims', at),
      );
    }
    return {
      ...common,
      issuer: value.issuer,
      redirectUrl: value.redirect_url,
      userClaim: value.user_claim,
      scopes: value.scopes,
      labelClaims: [...new Set([...(value.labels_claims ?? []), ...(value.label_claims ?? [])])],
      acceptUnverifiedEmail: value.accept_unverified_email,
      prompt: value.prompt,
    };
  },
);
