import { toRegistryError } from '../errors.ts';
import { HttpError } from './http-error.ts';
import { json, type Reply } from './message.ts';

/** The one place that writes errors (distribution-spec, "Error Codes"). */
export function errorReply(thrown: unknown, requestId: string): Reply {
  const error = toRegistryError(thrown);
  const errors = [error, ...error.siblings].map(({ entry, message, detail }) => ({
    code: entry.code,
    message,
    detail: entry.code === 'UNKNOWN' ? { requestId } : detail,
  }));
  return json(error.entry.status, { errors }, error instanceof HttpError ? error.headers : {});
}
