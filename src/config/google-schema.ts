import { checkRedirect, type LoginSettings, loginFields, loginSettings, webAddress } from './login-schema.ts';
import { optional, required, type Type } from './schema.ts';
import { nonEmptyText } from './types-scalar.ts';
import { refine, section } from './types-section.ts';

/** `google_auth`. */
export interface GoogleSettings extends LoginSettings {
  readonly domain: string | undefined;
  readonly redirectUrl: string;
}

/** docker_auth's `google_auth`. */
export const google: Type<GoogleSettings> = refine(
  section({
    domain: optional(
      nonEmptyText,
      'Only accounts of this Google Workspace domain may log in. Without it anybody may who has a Google account.',
    ),
    redirect_url: required(
      webAddress,
      "Berth's own: address of the page `/google_auth` of this service, as browsers reach it and Google knows it. docker_auth's way, a script of Google's, is no longer offered.",
    ),
    ...loginFields,
  }),
  (value, at, node): GoogleSettings => {
    checkRedirect(value.redirect_url, '/google_auth', 'redirect_url', at, node);
    return { ...loginSettings(value, at, node), domain: value.domain, redirectUrl: value.redirect_url };
  },
);
