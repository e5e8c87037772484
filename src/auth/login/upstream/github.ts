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
import { type GrantedTokens, WebApi } from './web-api.ts';

/** GitHub, or a GitHub Enterprise Server, and what is wanted of it. */
export interface GithubOptions {
  /** Without a slash at the end. */
  readonly webUrl: string;
  readonly apiUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Whoever is not a member may not log in; undefined: anybody may who has an account. */
  readonly organization: string | undefined;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * GitHub's web flow with state and PKCE. The access token is kept to ask again with: GitHub gives no other, unless the
 * application is set up for tokens that expire.
 */
export class GithubUpstream implements Upstream {
  readonly title = 'GitHub';
  readonly #options: GithubOptions;
  readonly #api: WebApi;

  constructor(options: GithubOptions) {
    this.#options = options;
    this.#api = new WebApi(this.title, options.timeoutMs);
  }

  async authorizationUrl({ state, codeVerifier }: Binding): Promise<URL> {
    const { webUrl, clientId, organization } = this.#options;
    const url = new URL(`${webUrl}/login/oauth/authorize`);
    url.search = new URLSearchParams({
      client_id: clientId,
      scope: organization === undefined ? 'user:email' : 'user:email read:org',
      state,
      code_challenge: codeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    }).toString();
    return url;
  }

  async complete(parameters: URLSearchParams, { codeVerifier }: Binding): Promise<UpstreamLogin> {
    const code = parameters.get('code');
    if (code === null) throw new SignInRefused(`${this.title} did not let you in.`);
    const tokens = await this.#exchange({ code, code_verifier: codeVerifier });
    return firstLogin(this.title, tokens, (access, granted) => this.#login(access, granted, undefined));
  }

  async renew(tokens: UpstreamTokens): Promise<UpstreamLogin> {
    const { refresh, access, accessUntilMs, subject } = tokens;
    const hasEnded = accessUntilMs !== undefined && this.#options.clock.now() >= accessUntilMs;
    const isDue = hasEnded || access === undefined;
    return laterLogin(
      tokens,
      refresh !== undefined && isDue ? () => this.#refresh(refresh) : undefined,
      (current, granted) => this.#login(current, granted, subject),
    );
  }

  #refresh(refreshToken: string): Promise<UpstreamTokens> {
    return this.#exchange({ grant_type: 'refresh_token', refresh_token: refreshToken });
  }

  async #exchange(parameters: Readonly<Record<string, string>>): Promise<UpstreamTokens> {
    const { webUrl, clientId, clientSecret, clock } = this.#options;
    const given: GrantedTokens = await this.#api.exchange(`${webUrl}/login/oauth/access_token`, {
      client_id: clientId,
      client_secret: clientSecret,
      ...parameters,
    });
    const { access, refresh, expiresInSeconds } = given;
    const accessUntilMs = expiresInSeconds === undefined ? undefined : clock.now() + expiresInSeconds * 1000;
    return { access, refresh, accessUntilMs };
  }

  async #login(access: string, tokens: UpstreamTokens, subject: string | undefined): Promise<UpstreamLogin> {
    const { apiUrl, organization } = this.#options;
    const answer = await this.#api.get(`${apiUrl}/user`, access);
    const user = isRecord(answer?.value) ? answer.value : {};
    const { login, id } = user;
    if (!isPossibleAccount(login) || typeof id !== 'number') {
      throw new UpstreamUnavailable('it does not say who the token belongs to');
    }
    // A name that somebody gave up can be taken by somebody else; the number cannot.
    if (subject !== undefined && subject !== String(id)) throw new UpstreamGone('it is somebody else by now');
    const labels = organization === undefined ? {} : { teams: await this.#teams(access, organization) };
    return { account: login, labels, tokens: { ...tokens, subject: String(id) } };
  }

  /** Slugs of the teams of the organization, and of the teams around them. */
  async #teams(access: string, organization: string): Promise<string[]> {
    const { apiUrl } = this.#options;
    const membership = await this.#api.get(
      `${apiUrl}/user/memberships/orgs/${encodeURIComponent(organization)}`,
      access,
    );
    if (!isRecord(membership?.value) || membership.value['state'] !== 'active') {
      throw new NotAMember(`You are no member of the organization ${organization}.`);
    }
    const teams = await this.#api.list(`${apiUrl}/user/teams?`, access);
    const own = teams.filter(
      ({ organization: of }) =>
        isRecord(of) && String(of['login']).toLowerCase() === organization.toLowerCase(),
    );
    const slugs = own
      .flatMap((team) => [team, team['parent']])
      .flatMap((team) => (isRecord(team) ? [String(team['slug'])] : []));
    return [...new Set(slugs)].toSorted();
  }
}
