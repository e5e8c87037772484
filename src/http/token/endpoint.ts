import { AuthenticationFailed, type TokenAnswers, UnknownService } from '../../auth/token-service.ts';
import { RegistryError } from '../../errors.ts';
import { quotedHeaderText } from '../header-text.ts';
import { HttpError } from '../http-error.ts';
import { loginRefusal } from '../login-refusal.ts';
import { auditOriginOf, type HttpRequest, json, type Reply } from '../message.ts';
import { readTokenRequest } from './token-request.ts';

/**
 * `/auth` and `/auth/token`: exchanges credentials for a token.
 * @param options.realm what a browser would ask the password for; the issuer, as in docker_auth
 * @throws HttpError 401, 429, 503; RegistryError REQUEST_INVALID
 */
export async function answerTokenRequest(
  options: { service: TokenAnswers; realm: string },
  request: HttpRequest,
): Promise<Reply> {
  const asked = await readTokenRequest(request);
  try {
    const isAnonymous = [asked.credentials, asked.refreshToken, asked.assertion].every(
      (one) => one === undefined,
    );
    if (isAnonymous && asked.claimedAccount !== '') {
      throw new AuthenticationFailed('an account was named, but no password came with it');
    }
    const answer = await options.service.answer({ ...asked, origin: auditOriginOf(request) });
    if (
      asked.credentials === undefined &&
      !isAnonymous &&
      !['', answer.subject].includes(asked.claimedAccount)
    ) {
      throw new AuthenticationFailed('the token that was presented is of another account than the one named');
    }
    return json(
      200,
      {
        token: answer.token,
        access_token: answer.token,
        expires_in: answer.expiresInSeconds,
        issued_at: new Date(answer.issuedAtMs).toISOString(),
        scope: answer.scope,
        ...(asked.assertion !== undefined && {
          // RFC 8693, section 2.2.1.
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          token_type: 'Bearer',
        }),
        ...(answer.refreshToken === undefined ? {} : { refresh_token: answer.refreshToken }),
      },
      { 'Cache-Control': 'no-store' },
    );
  } catch (error) {
    if (error instanceof UnknownService)
      throw new RegistryError('REQUEST_INVALID', { message: error.message });
    if (!(error instanceof AuthenticationFailed)) throw loginRefusal(error);
    throw new HttpError(
      'UNAUTHORIZED',
      { 'WWW-Authenticate': `Basic realm=${quotedHeaderText(options.realm)}` },
      { message: error.message, cause: error },
    );
  }
}
