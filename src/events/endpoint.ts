import type { Outcome } from './outcome.ts';

/** Takes events: one attempt each. */
export interface Sink {
  /** Never throws. @param signal ends the attempt, with an outcome that counts for nothing */
  send(body: string, signal: AbortSignal): Promise<Outcome>;
  /** Closes idle connections. */
  close(): void;
}

/** An endpoint that events are delivered to. */
export interface Endpoint {
  /** Its queue goes by this name. */
  readonly name: string;
  readonly sink: Sink;
  /** The longest that an attempt takes. */
  readonly timeoutMs: number;
  /** So many attempts follow one another at once. */
  readonly threshold: number;
  /** The first wait after them; each further one is twice as long. */
  readonly backoffMs: number;
}
