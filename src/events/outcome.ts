// An import statement would load the whole HTTP client at the start: 45 ms.
const { STATUS_CODES } = process.getBuiltinModule('node:http');

/** What came of sending an event to an endpoint. */
export type Outcome =
  | { readonly kind: 'delivered'; readonly status: number }
  /** The endpoint says that it is this event which it will not take. */
  | { readonly kind: 'rejected'; readonly status: number; readonly reason: string }
  /** The endpoint answered, and could not take the event: its fault, or a mistake in its configuration or ours. */
  | { readonly kind: 'failed'; readonly status: number; readonly reason: string }
  /** Nobody took the event: no connection, no answer in time, or an answer that says to try again. */
  | { readonly kind: 'unavailable'; readonly status: number | undefined; readonly reason: string };

/** Answers that speak of the moment and not of the event. */
const TRY_AGAIN: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);

/** Client errors that speak of the endpoint's address or of our credentials, which an operator can put right. */
const MISCONFIGURED: ReadonlySet<number> = new Set([401, 403, 404, 405, 407]);

/** A status with its words, as Go writes it and as distribution's metrics are labelled: `200 OK`. */
export function statusLine(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`;
}

/**
 * Judges an answer. 2xx and 3xx are accepted, as by registry:2, save redirects: those are not followed, and an event
 * that was only told to go elsewhere has not arrived.
 * @param isRedirect whether the answer names another address
 */
export function outcomeOf(status: number, isRedirect: boolean): Outcome {
  const reason = `the endpoint answered ${statusLine(status)}`;
  if (status >= 300 && status < 400 && isRedirect) {
    return { kind: 'failed', status, reason: `${reason}; redirects are not followed` };
  }
  if (status >= 200 && status < 400) return { kind: 'delivered', status };
  if (TRY_AGAIN.has(status)) return { kind: 'unavailable', status, reason };
  if (status >= 400 && status < 500 && !MISCONFIGURED.has(status)) {
    return { kind: 'rejected', status, reason };
  }
  return { kind: 'failed', status, reason };
}
