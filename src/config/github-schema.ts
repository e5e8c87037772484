import { type LoginSettings, loginFields, loginSettings, webAddress } from './login-schema.ts';
import { optional, type Type, withDefault } from './schema.ts';
import { nonEmptyText } from './types-scalar.ts';
import { refine, section } from './types-section.ts';

/** `github_auth`. */
export interface GithubSettings extends LoginSettings {
  readonly organization: string | undefined;
  /** Without a slash at the end. */
  readonly webUrl: string;
  readonly apiUrl: string;
}

/** docker_auth's `github_auth`. */
export const github: Type<GithubSettings> = refine(
  section({
    organization: optional(
      nonEmptyText,
      'Only its members may log in. The slugs of their teams, and of the teams around those, become the label `teams`.',
    ),
    ...loginFields,
    github_web_uri: withDefault(
      webAddress,
      'Address of GitHub, or of a GitHub Enterprise Server.',
      'https://github.com',
    ),
    github_api_uri: withDefault(
      webAddress,
      'Address of its API; that of a GitHub Enterprise Server ends with /api/v3.',
      'https://api.github.com',
    ),
  }),
  (value, at, node): GithubSettings => ({
    ...loginSettings(value, at, node),
    organization: value.organization,
    webUrl: value.github_web_uri.replace(/\/+$/, ''),
    apiUrl: value.github_api_uri.replace(/\/+$/, ''),
  }),
);
