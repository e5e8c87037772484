/** An authority refused something, or its answer makes no sense (RFC 8555, section 6.7). */
export class AcmeProblem extends Error {
  /** Such as `urn:ietf:params:acme:error:rateLimited`. */
  readonly type: string;
  /** When the authority wants to be asked again, from now on. */
  readonly retryAfterMs: number | undefined;

  constructor(type: string, detail: string, retryAfterMs?: number) {
    super(detail === '' ? type : `${detail} (${type})`);
    this.name = 'AcmeProblem';
    this.type = type;
    this.retryAfterMs = retryAfterMs;
  }

  /** Nothing was refused but the number of the request (RFC 8555, section 6.5). */
  get isStaleNonce(): boolean {
    return this.type === 'urn:ietf:params:acme:error:badNonce';
  }
}

/** What of an error's document is of use in a log. */
export function problemOf(document: unknown, retryAfterMs?: number): AcmeProblem {
  const { type, detail, subproblems } = (
    typeof document === 'object' && document !== null ? document : {}
  ) as {
    type?: unknown;
    detail?: unknown;
    subproblems?: unknown;
  };
  const more = Array.isArray(subproblems)
    ? subproblems.map((each) => `; ${problemOf(each).message}`).join('')
    : '';
  return new AcmeProblem(
    typeof type === 'string' ? type : 'unknown',
    (typeof detail === 'string' ? detail : '') + more,
    retryAfterMs,
  );
}

/** Seconds or a date (RFC 9110, section 10.2.3), as milliseconds from now on. */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
