import type { LabelsOf, NameOf } from './metrics.ts';
import type { Digest } from './oci/digest.ts';
import type { RepositoryName } from './oci/reference.ts';

/** The time, so that tests can hold it still. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}

/** The one of the machine. */
export const SYSTEM_CLOCK: Clock = { now: Date.now };

/** Values that go with a log message. Secrets never do. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where messages for the operator go. A message is a fixed text; what varies is in the fields. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** For whoever speaks for itself, and needs no log beside. */
export const NO_LOG: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Who asked for something, and how: it goes into the events that tell of it. Plain data. */
export interface EventOrigin {
  readonly requestId: string;
  /** `address:port` of the client; empty where it is not known. */
  readonly address: string;
  /** The Host header. */
  readonly host: string;
  readonly method: string;
  readonly userAgent: string;
  /** Empty where nobody logged in. */
  readonly actor: string;
  /** This registry's address as the client knows it, without a slash at the end. */
  readonly baseUrl: string;
}

/** Content that a client was given, or whose headers it was given. */
export interface Pull {
  readonly kind: 'manifest' | 'blob';
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** Where the client asked by tag. */
  readonly tag: string | undefined;
}

/** Tells others what happens in the registry. */
export interface Events {
  /**
   * Carries out a request. Whatever it changes in the index is told as this origin's doing, and that is durable when
   * the change is.
   */
  attribute<T>(origin: EventOrigin, action: () => Promise<T>): Promise<T>;
  /** Notes a pull. Returns at once; a moment later it is durable. */
  pulled(origin: EventOrigin, pull: Pull): void;
}

/** Something that only grows. */
export interface Counter {
  add(amount?: number): void;
}

/** Something of which the distribution is of interest. */
export interface Histogram {
  observe(value: number): void;
}

/** One value of a gauge. */
export interface Sample<Labels> {
  readonly labels: Labels;
  readonly value: number;
}

/**
 * Numbers for the operator. What is returned belongs to one set of labels and is to be kept: asking for it costs more
 * than using it. Label values come from what the program knows (a route, a status), never freely from a client.
 */
export interface Metrics {
  counter<N extends NameOf<'counter'>>(name: N, labels: LabelsOf<N>): Counter;
  histogram<N extends NameOf<'histogram'>>(name: N, labels: LabelsOf<N>): Histogram;
  /** Called whenever somebody looks. One source for each name. */
  gauge<N extends NameOf<'gauge'>>(
    name: N,
    read: () => readonly Sample<LabelsOf<N>>[] | Promise<readonly Sample<LabelsOf<N>>[]>,
  ): void;
}

/** Where nobody wants numbers. */
export const NO_METRICS: Metrics = {
  counter: () => ({ add: () => undefined }),
  histogram: () => ({ observe: () => undefined }),
  gauge: () => undefined,
};

/** A request that was answered, for the access log. Nothing secret is in it. */
export interface AccessEntry {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly durationMs: number;
  readonly method: string;
  /** Path and query as they were received, without secrets. */
  readonly target: string;
  readonly httpVersion: string;
  readonly host: string | undefined;
  /** The client's, as far as it is known. */
  readonly address: string | undefined;
  readonly account: string;
  readonly agent: string | undefined;
  readonly referer: string | undefined;
  readonly status: number;
  readonly contentType: string | undefined;
  /** Bytes of the request's body that were read. */
  readonly receivedBytes: number;
  /** Bytes of the answer's body. */
  readonly sentBytes: number;
}

/** Where requests are noted. */
export interface AccessLog {
  write(entry: AccessEntry): void;
}

/** A scope that somebody asked for, and what came of it. */
export interface AuditedScope {
  readonly type: string;
  readonly name: string;
  readonly asked: readonly string[];
  readonly granted: readonly string[];
  /** What decided; see `Decision`. */
  readonly rule: string;
}

/** What came of an attempt to log in, to get access, or to change something as an administrator. */
export type AuditOutcome =
  | 'granted'
  /** Less than was asked for. */
  | 'partly-granted'
  /** Known, and nothing of what was asked for is allowed. */
  | 'denied'
  /** Not known, or a wrong password or token. */
  | 'wrong-credentials'
  /** Held up after failures before, or because too many came at once. */
  | 'throttled'
  /** Refused for what it asks, such as an unknown service. */
  | 'refused'
  /** It could not be decided. */
  | 'failed';

/** Something that whoever watches over access wants to know. Nothing secret is in it. */
export interface AuditEntry {
  readonly kind: 'login' | 'admin';
  readonly outcome: AuditOutcome;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly requestId: string;
  /** As it was claimed, where it was not proved. Empty: anonymous. */
  readonly account: string;
  /** Which source of accounts knew it. */
  readonly provider?: string | undefined;
  readonly address: string | undefined;
  readonly clientId?: string | undefined;
  readonly userAgent: string | undefined;
  readonly service?: string | undefined;
  readonly scopes?: readonly AuditedScope[];
  /** Of an administrator: method and path. */
  readonly action?: string;
  readonly reason?: string;
}

/** Where it is noted who got what. Returns at once; whatever becomes of the note, nobody waits for it. */
export interface Audit {
  record(entry: AuditEntry): void;
}
