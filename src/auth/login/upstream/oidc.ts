import type { Configuration } from 'openid-client';
import type { Clock } from '../../../ports.ts';
import { codeChallenge } from '../code-challenge.ts';
import { type Claims, isEmailVerified, labelsFrom } from './claims.ts';
import { outcomeOfGrant, outcomeOfRenewal, unavailable } from './oidc-errors.ts';
import {
  type Binding,
  isPossibleAccount,
  SignInRefused,
  type Upstream,
  UpstreamGone,
  type UpstreamLogin,
  type UpstreamTokens,
  UpstreamUnavailable,
  withTokens,
} from './upstream.ts';

/** An OpenID provider, and what is wanted of it. */
export interface OidcOptions {
  /** For people. */
  readonly title: string;
  readonly issuer: string;
  readonly redirectUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
  /** Sent on to the provider with the browser. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly userClaim: string;
  readonly labelClaims: readonly string[];
  readonly acceptUnverifiedEmail: boolean;
  /** A further condition; returns why somebody may not log in, for that person. */
  readonly refuse?: (claims: Claims) => string | undefined;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Keys are looked up when they are needed; the rest of what a provider publishes hardly ever changes. */
const DISCOVERY_LIFETIME_MS = 3_600_000;

/** Large, and of no use to a Berth that has no such section. */
const library = () => import('openid-client');

/** What both grants answer, as far as it is of use here. */
interface Answer {
  readonly access_token: string;
  readonly refresh_token?: string;
  claims(): Claims | undefined;
  expiresIn(): number | undefined;
}

/**
 * An OpenID provider (OpenID Connect Core 1.0), by the authorization code flow with PKCE, state and nonce. It is asked for
 * its configuration when it is first needed: one that is away keeps nobody from starting.
 */
export class OidcUpstream implements Upstream {
  readonly title: string;
  readonly #options: OidcOptions;
  #discovered: { readonly configuration: Promise<Configuration>; readonly atMs: number } | undefined;

  constructor(options: OidcOptions) {
    this.#options = options;
    this.title = options.title;
  }

  async authorizationUrl({ state, nonce, codeVerifier }: Binding): Promise<URL> {
    const { redirectUrl, scopes, parameters } = this.#options;
    const configuration = await this.#configuration();
    const { buildAuthorizationUrl } = await library();
    return buildAuthorizationUrl(configuration, {
      ...parameters,
      redirect_uri: redirectUrl,
      scope: scopes.join(' '),
      state,
      nonce,
      code_challenge: codeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    });
  }

  async complete(parameters: URLSearchParams, binding: Binding): Promise<UpstreamLogin> {
    const configuration = await this.#configuration();
    const { authorizationCodeGrant } = await library();
    const callback = new URL(this.#options.redirectUrl);
    callback.search = parameters.toString();
    const answer = await authorizationCodeGrant(configuration, callback, {
      expectedState: binding.state,
      expectedNonce: binding.nonce,
      pkceCodeVerifier: binding.codeVerifier,
      idTokenExpected: true,
    }).catch(outcomeOfGrant(this.title));
    const subject = text(answer.claims()?.['sub']);
    if (subject === undefined) throw new SignInRefused(`${this.title} did not say who you are.`);
    const claims = await this.#claims(configuration, answer, subject, true);
    const refusal = this.#refusalOf(claims);
    if (refusal !== undefined) throw new SignInRefused(refusal);
    return this.#login(claims, this.#tokens(answer, subject, undefined));
  }

  async renew(tokens: UpstreamTokens): Promise<UpstreamLogin> {
    const configuration = await this.#configuration();
    const { refreshTokenGrant } = await library();
    let claims: Claims;
    let next: UpstreamTokens = tokens;
    try {
      if (tokens.refresh !== undefined) {
        const answer = await refreshTokenGrant(configuration, tokens.refresh);
        const subject = tokens.subject ?? text(answer.claims()?.['sub']);
        next = this.#tokens(answer, subject, tokens.refresh);
        claims = await this.#claims(configuration, answer, subject, false);
        next = { ...next, subject: subject ?? text(claims['sub']) };
      } else {
        const { access, accessUntilMs = Number.POSITIVE_INFINITY } = tokens;
        if (access === undefined || this.#options.clock.now() >= accessUntilMs) {
          throw new UpstreamGone(
            'it gave no refresh token, and its access token has ended; scopes may have to name offline_access',
          );
        }
        claims = await userInfo(configuration, access, tokens.subject);
      }
    } catch (error) {
      return withTokens(next)(outcomeOfRenewal(error));
    }
    const refusal = this.#refusalOf(claims);
    if (refusal !== undefined) throw new UpstreamGone(refusal);
    return this.#login(claims, next);
  }

  /** What the provider says of somebody: in the ID token, and, where something is missing there, at its userinfo endpoint. */
  async #claims(
    configuration: Configuration,
    answer: Answer,
    subject: string | undefined,
    isNew: boolean,
  ): Promise<Claims> {
    const { userClaim, labelClaims } = this.#options;
    const inToken = answer.claims();
    if (inToken !== undefined && subject !== undefined && inToken['sub'] !== subject) {
      throw new UpstreamGone('its refresh token belongs to somebody else by now');
    }
    const wanted = [userClaim, ...(userClaim === 'email' ? ['email_verified'] : []), ...labelClaims];
    const isComplete = inToken !== undefined && wanted.every((name) => inToken[name] !== undefined);
    const hasUserInfo = configuration.serverMetadata().userinfo_endpoint !== undefined;
    if (isComplete || (inToken !== undefined && !hasUserInfo)) return inToken;
    if (!hasUserInfo) {
      throw new UpstreamUnavailable(
        'it gives neither an ID token when it is asked again, nor has it a userinfo endpoint',
      );
    }
    const asked = userInfo(configuration, answer.access_token, subject);
    const more = await (isNew ? asked.catch(outcomeOfGrant(this.title)) : asked);
    return { ...more, ...inToken };
  }

  #tokens(answer: Answer, subject: string | undefined, refresh: string | undefined): UpstreamTokens {
    // RFC 6749, section 6: the provider may issue a new refresh token, and the client must then discard the old one.
    const kept = answer.refresh_token ?? refresh;
    if (kept !== undefined) return { refresh: kept, subject };
    const seconds = answer.expiresIn();
    const accessUntilMs = seconds === undefined ? undefined : this.#options.clock.now() + seconds * 1000;
    return { access: answer.access_token, accessUntilMs, subject };
  }

  #refusalOf(claims: Claims): string | undefined {
    const { userClaim, acceptUnverifiedEmail, refuse } = this.#options;
    const account = claims[userClaim];
    if (!isPossibleAccount(account)) {
      return `${this.title} did not tell your "${userClaim}", or it cannot be a user name.`;
    }
    if (userClaim === 'email' && !acceptUnverifiedEmail && !isEmailVerified(claims)) {
      return `${this.title} does not say that the address ${account} was verified. Verify it there, then sign in again.`;
    }
    return refuse?.(claims);
  }

  #login(claims: Claims, tokens: UpstreamTokens): UpstreamLogin {
    const { userClaim, labelClaims } = this.#options;
    return { account: String(claims[userClaim]), labels: labelsFrom(claims, labelClaims), tokens };
  }

  async #configuration(): Promise<Configuration> {
    const nowMs = this.#options.clock.now();
    const known = this.#discovered;
    if (known !== undefined && nowMs < known.atMs + DISCOVERY_LIFETIME_MS) return known.configuration;
    const configuration = this.#discover();
    this.#discovered = { configuration, atMs: nowMs };
    try {
      return await configuration;
    } catch (error) {
      this.#discovered = known;
      if (known !== undefined) return known.configuration;
      throw unavailable(`its configuration cannot be had from ${this.#options.issuer}`, error);
    }
  }

  async #discover(): Promise<Configuration> {
    const { issuer, clientId, clientSecret, timeoutMs } = this.#options;
    const { discovery, allowInsecureRequests, ClientSecretBasic, ClientSecretPost } = await library();
    const url = new URL(issuer);
    const configuration = await discovery(
      url,
      clientId,
      undefined,
      // OpenID Connect Discovery 1.0, section 3: "If omitted, the default is client_secret_basic".
      (as, ...rest) => {
        const methods = as.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
        const authenticate = methods.includes('client_secret_basic') ? ClientSecretBasic : ClientSecretPost;
        return authenticate(clientSecret)(as, ...rest);
      },
      {
        timeout: timeoutMs / 1000,
        // Somebody wrote http:// into the configuration, and was told of it.
        ...(url.protocol === 'http:' && { execute: [allowInsecureRequests] }),
      },
    );
    configuration.timeout = timeoutMs / 1000;
    return configuration;
  }
}

/** @param subject undefined: nothing is known of whose token it is, as with one that docker_auth kept */
async function userInfo(
  configuration: Configuration,
  accessToken: string,
  subject: string | undefined,
): Promise<Claims> {
  const openid = await library();
  return openid.fetchUserInfo(configuration, accessToken, subject ?? openid.skipSubjectCheck);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
