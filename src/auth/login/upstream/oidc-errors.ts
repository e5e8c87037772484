import { SignInRefused, UpstreamGone, UpstreamUnavailable } from './upstream.ts';

/** What an OAuth server answers with when a grant is over (RFC 6749, section 5.2), or the user has to be there for more. */
const OVER = new Set([
  'invalid_grant',
  'access_denied',
  'login_required',
  'interaction_required',
  'consent_required',
]);

/** What the library finds wrong with an answer that is whole, and was made for another question or by somebody else. */
const FOREIGN = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
]);

interface Fault {
  readonly message: string;
  /** The `error` that the server answered with. */
  readonly error: string | undefined;
  /** The library's own. */
  readonly code: string | undefined;
  readonly status: number | undefined;
}

/** Errors are told by their properties: the library's classes would load it. Values that the server made up are cut. */
function faultOf(thrown: unknown): Fault {
  if (!(thrown instanceof Error))
    return { message: String(thrown), error: undefined, code: undefined, status: undefined };
  const error = Reflect.get(thrown, 'error');
  const status = Reflect.get(thrown, 'status');
  const code = Reflect.get(thrown, 'code');
  const { cause } = thrown;
  const reason = cause instanceof Error && cause.message !== thrown.message ? ` (${reasonFor(cause)})` : '';
  const named = typeof error === 'string' ? `: ${error.slice(0, 100)}` : '';
  return {
    message: `${typeof code === 'string' ? `${code}: ` : ''}${thrown.message}${named}${reason}`,
    error: typeof error === 'string' ? error : undefined,
    code: typeof code === 'string' ? code : undefined,
    status: typeof status === 'number' ? status : undefined,
  };
}

/** Connection errors have the telling code one level further in. */
function reasonFor(error: Error): string {
  const code = Reflect.get(error, 'code');
  return error.message !== '' ? error.message : String(code ?? error.name);
}

/**
 * Without the cause: it may hold what the provider answered, which is not for the log.
 * @param what a clause: what could not be had
 */
export function unavailable(what: string, cause: unknown): UpstreamUnavailable {
  return new UpstreamUnavailable(`${what}: ${faultOf(cause).message}`);
}

/** What a failed exchange of a code means: for `catch`. */
export function outcomeOfGrant(title: string): (thrown: unknown) => never {
  return (thrown) => {
    const { message, error, code } = faultOf(thrown);
    if (thrown instanceof UpstreamGone || thrown instanceof UpstreamUnavailable) throw thrown;
    const name = thrown instanceof Error ? thrown.name : '';
    if (name === 'AuthorizationResponseError') {
      throw new SignInRefused(`${title} did not let you in: ${error ?? 'without a reason'}.`);
    }
    if (error !== undefined && OVER.has(error)) {
      throw new SignInRefused(`${title} does not accept this sign-in any more. Begin again.`);
    }
    if (code !== undefined && FOREIGN.has(code)) {
      throw new SignInRefused(`What ${title} answered does not belong to this sign-in. Begin again.`);
    }
    throw new UpstreamUnavailable(message);
  };
}

/** What a failed question about somebody who signed in earlier means. */
export function outcomeOfRenewal(thrown: unknown): UpstreamGone | UpstreamUnavailable {
  if (thrown instanceof UpstreamGone || thrown instanceof UpstreamUnavailable) return thrown;
  const { message, error, status } = faultOf(thrown);
  const isChallenge = thrown instanceof Error && thrown.name === 'WWWAuthenticateChallengeError';
  const isOver = (error !== undefined && OVER.has(error)) || (isChallenge && status === 401);
  return isOver ? new UpstreamGone(message) : new UpstreamUnavailable(message);
}
