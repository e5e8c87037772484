import { type Access, formatScope } from '../../oci/scope.ts';
import { quotedHeaderText } from '../header-text.ts';
import { HttpError } from '../http-error.ts';

/** Where a client gets a token, and for what. */
export interface ChallengeParameters {
  /** The token service's address. */
  readonly realm: string;
  readonly service: string;
  readonly required: readonly Access[];
}

/** What is wrong with the token that came. */
export interface Problem {
  readonly error: 'invalid_token' | 'insufficient_scope';
  /** For the person at the client. */
  readonly message: string;
  readonly cause?: unknown;
}

function header({ realm, service, required }: ChallengeParameters, problem: Problem | undefined): string {
  const parts = [`realm=${quotedHeaderText(realm)}`, `service=${quotedHeaderText(service)}`];
  if (required.length > 0) parts.push(`scope="${required.map(formatScope).join(' ')}"`);
  if (problem !== undefined) {
    parts.push(`error="${problem.error}"`);
    // docker, podman and skopeo print it, also after a HEAD, whose answer has no body (RFC 6750, section 3).
    parts.push(`error_description=${quotedHeaderText(problem.message.replaceAll('"', "'"))}`);
  }
  return `Bearer ${parts.join(',')}`;
}

/** The detail of a refusal: the records in the form in which registry:2 lists them, or null where there are none. */
export function recordsOf(required: readonly Access[]): Readonly<Record<string, string>>[] | null {
  if (required.length === 0) return null;
  return required.flatMap(({ type, name, actions }) =>
    actions.map((action) => ({ Type: type, Class: '', Name: name, Action: action })),
  );
}

/**
 * 401 with the way to a token (distribution, spec/auth/token.md, "How to authenticate").
 * @param problem what is wrong with the token that came, if one came
 */
export function challenge(parameters: ChallengeParameters, problem?: Problem): HttpError {
  return new HttpError(
    problem?.error === 'insufficient_scope' ? 'INSUFFICIENT_SCOPE' : 'UNAUTHORIZED',
    { 'WWW-Authenticate': header(parameters, problem) },
    {
      ...(problem && { message: problem.message, cause: problem.cause }),
      detail: recordsOf(parameters.required),
    },
  );
}
