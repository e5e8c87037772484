import { isRecord } from '../../../oci/descriptor.ts';
import type { Clock } from '../../../ports.ts';
import { codeChallenge } from '../code-challenge.ts';
import { firstLogin, laterLogin, NotAMember } from './membership.ts';
import {
  type Binding,
  isPossibleAccount,
  SignInRefused,
  type Upstream,
  UpstreamGone,
  type UpstreamLogin,
  type UpstreamTokens,
  UpstreamUnavailable,
} from './upstream.ts';
import { WebApi } from './web-api.ts';

/** A GitLab, and what is wanted of it. */
export interface GitlabOptions {
  /** Without a slash at the end. */
  readonly webUrl: string;
  /** With the version of the API: `https://gitlab.com/api/v4`. */
  readonly apiUrl: string;
  readonly redirectUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The full path of a group; whoever is not in it, or in one below it, may not log in. Undefined: anybody may. */
  readonly group: string | undefined;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * GitLab's authorization code flow with state and PKCE. The label `groups` has the full paths of all groups that somebody
 * is in.
 */
export class GitlabUpstream implements Upstream {
  readonly title: string;
  readonly #options: GitlabOptions;
  readonly #api: WebApi;

  constructor(options: GitlabOptions) {
    this.#options = options;
    this.title = new URL(options.webUrl).host;
    this.#api = new WebApi(this.title, options.timeoutMs);
  }

  async authorizationUrl({ state, codeVerifier }: Binding): Promise<URL> {
    const { webUrl, clientId, redirectUrl } = this.#options;
    const url = new URL(`${webUrl}/oauth/authorize`);
    url.search = new URLSearchParams({
      client_id: clientId,
      redirect_uri: redirectUrl,
      response_type: 'code',
      // Groups can be read with this one only.
      scope: 'read_api',
      state,
      code_challenge: codeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    }).toString();
    return url;
  }

  async complete(parameters: URLSearchParams, { codeVerifier }: Binding): Promise<UpstreamLogin> {
    const code = parameters.get('code');
    if (code === null) throw new SignInRefused(`${this.title} did not let you in.`);
    const tokens = await this.#exchange({
      grant_type: 'authorization_code',
      code,
      code_verifier: codeVerifier,
    });
    return firstLogin(this.title, tokens, (access, granted) => this.#login(access, granted, undefined));
  }

  async renew(tokens: UpstreamTokens): Promise<UpstreamLogin> {
    const { refresh, subject } = tokens;
    return laterLogin(
      tokens,
      refresh === undefined ? undefined : () => this.#refresh(refresh),
      (access, granted) => this.#login(access, granted, subject),
    );
  }

  #refresh(refreshToken: string): Promise<UpstreamTokens> {
    return this.#exchange({ grant_type: 'refresh_token', refresh_token: refreshToken });
  }

  async #exchange(parameters: Readonly<Record<string, string>>): Promise<UpstreamTokens> {
    const { webUrl, clientId, clientSecret, redirectUrl, clock } = this.#options;
    const { access, refresh, expiresInSeconds } = await this.#api.exchange(`${webUrl}/oauth/token`, {
      ...{ client_id: clientId, client_secret: clientSecret, redirect_uri: redirectUrl },
      ...parameters,
    });
    const accessUntilMs = expiresInSeconds === undefined ? undefined : clock.now() + expiresInSeconds * 1000;
    return { access, refresh, accessUntilMs };
  }

  async #login(access: string, tokens: UpstreamTokens, subject: string | undefined): Promise<UpstreamLogin> {
    const { apiUrl, group } = this.#options;
    const answer = await this.#api.get(`${apiUrl}/user`, access);
    const user = isRecord(answer?.value) ? answer.value : {};
    const { username, id, state } = user;
    if (!isPossibleAccount(username) || typeof id !== 'number') {
      throw new UpstreamUnavailable('it does not say who the token belongs to');
    }
    if (state !== undefined && state !== 'active') throw new UpstreamGone('the account is not active there');
    if (subject !== undefined && subject !== String(id)) throw new UpstreamGone('it is somebody else by now');
    const found = await this.#api.list(`${apiUrl}/groups?min_access_level=10`, access);
    const groups = found
      .flatMap(({ full_path: path }) => (typeof path === 'string' ? [path] : []))
      .toSorted();
    const isMember =
      group === undefined || groups.some((path) => path === group || path.startsWith(`${group}/`));
    if (!isMember) throw new NotAMember(`You are no member of the group ${group}.`);
    const { refresh } = tokens;
    // With a refresh token the access token is of no more use.
    const kept = refresh === undefined ? tokens : { refresh };
    return { account: username, labels: { groups }, tokens: { ...kept, subject: String(id) } };
  }
}
