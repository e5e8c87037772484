import { checkRedirect, type LoginSettings, loginFields, loginSettings, webAddress } from './login-schema.ts';
import { optional, required, type Type, withDefault } from './schema.ts';
import { nonEmptyText, oneOf } from './types-scalar.ts';
import { refine, section } from './types-section.ts';

/** `gitlab_auth`. */
export interface GitlabSettings extends LoginSettings {
  readonly organization: string | undefined;
  /** Without a slash at the end. */
  readonly webUrl: string;
  readonly apiUrl: string;
  readonly redirectUrl: string;
  readonly grantType: 'authorization_code';
}

/** docker_auth's `gitlab_auth`. */
export const gitlab: Type<GitlabSettings> = refine(
  section({
    organization: optional(
      nonEmptyText,
      'Full path of a group: only who is in it, or in one below it, may log in. docker_auth does not look at it.',
    ),
    ...loginFields,
    gitlab_web_uri: withDefault(webAddress, 'Address of GitLab.', 'https://gitlab.com'),
    gitlab_api_uri: withDefault(
      webAddress,
      'Address of its API, with the version.',
      'https://gitlab.com/api/v4',
    ),
    grant_type: withDefault(
      oneOf(['authorization_code']),
      'The only one that there is.',
      'authorization_code',
    ),
    redirect_uri: required(
      webAddress,
      'Address of the page `/gitlab_auth` of this service, as browsers reach it and GitLab knows it.',
    ),
  }),
  (value, at, node): GitlabSettings => {
    checkRedirect(value.redirect_uri, '/gitlab_auth', 'redirect_uri', at, node);
    return {
      ...loginSettings(value, at, node),
      organization: value.organization,
      webUrl: value.gitlab_web_uri.replace(/\/+$/, ''),
      apiUrl: value.gitlab_api_uri.replace(/\/+$/, ''),
      redirectUrl: value.redirect_uri,
      grantType: value.grant_type,
    };
  },
);
