import { TooManyLogins } from '../auth/slots.ts';
import { Unreachable } from '../auth/unreachable.ts';
import { HttpError } from './http-error.ts';

/** A proxy or a client that tries again shall not do so at once. */
const RETRY_SECONDS = 5;

/** What a client is told where nobody could say who it is, or what it may do: now, it is no use to ask. Else the same error. */
export function loginRefusal(error: unknown): unknown {
  if (error instanceof TooManyLogins) {
    return new HttpError(
      'TOOMANYREQUESTS',
      { 'Retry-After': String(error.retryAfterSeconds) },
      { message: error.message },
    );
  }
  if (!(error instanceof Unreachable)) return error;
  return new HttpError(
    'UNAVAILABLE',
    { 'Retry-After': String(RETRY_SECONDS) },
    {
      message:
        'access cannot be checked at the moment: a service that it depends on does not answer; try again later',
      // It may name what is inside: for the log alone.
      cause: error,
    },
  );
}
