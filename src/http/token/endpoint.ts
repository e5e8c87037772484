import { TooManyLogins } from '../../auth/slots.ts';
import { AuthenticationFailed, type TokenAnswers, UnknownService } from '../../auth/token-service.ts';
import { RegistryError } from '../../errors.ts';
import { quotedHeaderText } from '../header-text.ts';
import { HttpError } from '../http-error.ts';
import { auditOriginOf, type HttpRequest, json, type Reply } from '../message.ts';
import { readTokenRequest } from './token-request.ts';

/**
 * `/auth` and `/auth/token`: exchanges credentials for a token.
 * @param options.realm what a browser would ask the password for; the issuer, as in docker_auth
 * @throws HttpError 401; RegistryError REQUEST_INVALID
 */
export async function answerTokenRequest(
  options: { service: TokenAnswers; realm: string },
  request: HttpRequest,
): Promise<Reply> {
  const asked = await readTokenRequest(request);
  try {
    if (asked.credentials === undefined && asked.refreshToken === undefined && asked.claimedAccount !== '') {
      throw new AuthenticationFailed('an account was named, but no password came with it');
    }
    const answer = await options.service.answer({ ...asked, origin: auditOriginOf(request) });
    if (asked.refreshToken !== undefined && !['', answer.subject].includes(asked.claimedAccount)) {
      throw new AuthenticationFailed('the refresh token is of another account than the one named');
    }
    return json(
      200,
      {
        token: answer.token,
        access_token: answer.token,
        expires_in: answer.expiresInSeconds,
        issued_at: new Date(answer.issuedAtMs).toISOString(),
        scope: answer.scope,
        ...(answer.refreshToken === undefined ? {} : { refresh_token: answer.refreshToken }),
      },
      { 'Cache-Control': 'no-store' },
    );
  } catch (error) {
    if (error instanceof UnknownService)
      throw new RegistryError('REQUEST_INVALID', { message: error.message });
    if (error instanceof TooManyLogins) {
      throw new HttpError(
        'TOOMANYREQUESTS',
        { 'Retry-After': String(error.retryAfterSeconds) },
        { message: error.message },
      );
    }
    if (!(error instanceof AuthenticationFailed)) throw error;
    throw new HttpError(
      'UNAUTHORIZED',
      { 'WWW-Authenticate': `Basic realm=${quotedHeaderText(options.realm)}` },
      { message: error.message, cause: error },
    );
  }
}
