/** What the identity provider gave, to ask it again with. */
export interface UpstreamTokens {
  readonly refresh?: string | undefined;
  /** Kept only where there is no refresh token. */
  readonly access?: string | undefined;
  /** When the access token ends; undefined: not known, or never. */
  readonly accessUntilMs?: number | undefined;
  /** How the identity provider itself knows the account, for ever. */
  readonly subject?: string | undefined;
}

/** Somebody whom the identity provider vouches for. */
export interface UpstreamLogin {
  readonly account: string;
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly tokens: UpstreamTokens;
}

/** What ties an answer of the identity provider to the question and the browser that it was asked with. */
export interface Binding {
  readonly state: string;
  readonly nonce: string;
  /** RFC 7636. */
  readonly codeVerifier: string;
}

/** A service that knows who somebody is: an OpenID provider, GitHub, GitLab. */
export interface Upstream {
  /** For people: `GitHub`, or the address of an OpenID provider. */
  readonly title: string;
  /**
   * Where the browser is sent to.
   * @throws UpstreamUnavailable
   */
  authorizationUrl(binding: Binding): Promise<URL>;
  /**
   * Turns what the browser brought back into somebody.
   * @param parameters the query; its state was compared already
   * @throws SignInRefused, UpstreamUnavailable
   */
  complete(parameters: URLSearchParams, binding: Binding): Promise<UpstreamLogin>;
  /**
   * Asks again who this is, and what is known of the account now.
   * @throws UpstreamGone where the account may no longer log in; UpstreamUnavailable
   */
  renew(tokens: UpstreamTokens): Promise<UpstreamLogin>;
}

/** The identity provider vouches for nobody, or for somebody who may not log in. The message is for that person. */
export class SignInRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SignInRefused';
  }
}

/** The identity provider no longer vouches for the account. The message is for the operator's log. */
export class UpstreamGone extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UpstreamGone';
  }
}

/** The identity provider cannot be asked now. The message is for the operator's log, and has nothing secret in it. */
export class UpstreamUnavailable extends Error {
  /** What it gave before it failed: the token that was used for it may be of no more use. */
  readonly tokens: UpstreamTokens | undefined;

  constructor(message: string, tokens?: UpstreamTokens) {
    super(message);
    this.name = 'UpstreamUnavailable';
    this.tokens = tokens;
  }
}

/** For `catch`: an identity provider that failed after it had given new tokens. */
export function withTokens(tokens: UpstreamTokens): (error: unknown) => never {
  return (error) => {
    throw error instanceof UpstreamUnavailable ? new UpstreamUnavailable(error.message, tokens) : error;
  };
}

const MAX_ACCOUNT_CHARACTERS = 255;

/**
 * Whether a name can log in with Basic credentials at all (RFC 7617: no colon, no control characters), and looks like
 * what it is.
 */
export function isPossibleAccount(name: unknown): name is string {
  return (
    typeof name === 'string' &&
    name !== '' &&
    name.length <= MAX_ACCOUNT_CHARACTERS &&
    name === name.trim() &&
    !/[:\p{C}]/u.test(name)
  );
}
