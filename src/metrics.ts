/** A number that the program counts, and how it looks from outside. */
export interface MetricEntry {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, in the unit of the name. */
  readonly buckets?: readonly number[];
}

/** Those of distribution: docker/go-metrics' for HTTP, Prometheus' own for its timers. */
const HTTP_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60];
const ACTION_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BYTES = Array.from({ length: 22 }, (_, power) => 1024 * 2 ** power);
/** A commit takes a sync of the disk, mostly less than the 5 ms with which the others begin. */
const COMMIT_SECONDS = [0.0005, 0.001, 0.0025, ...ACTION_SECONDS];
const GROUP_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/**
 * Every metric of Berth's own making, by its name. Those that begin with `registry_` are distribution's, with its
 * types, labels and buckets, so that dashboards go on working (v2.8: docker/go-metrics `handler.go`; v3: `metrics/`).
 */
export const METRICS = {
  registry_http_requests_total: {
    type: 'counter',
    help: 'Requests by route, status code and method.',
    labels: ['code', 'handler', 'method'],
  },
  registry_http_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from the head of a request to the last byte of its answer.',
    labels: ['handler', 'method'],
    buckets: HTTP_SECONDS,
  },
  registry_http_in_flight_requests: {
    type: 'gauge',
    help: 'Requests that are being answered.',
    labels: ['handler'],
  },
  registry_http_request_size_bytes: {
    type: 'histogram',
    help: 'Size of requests: line, headers, and the body as far as it was read.',
    labels: ['handler'],
    buckets: BYTES,
  },
  registry_http_response_size_bytes: {
    type: 'histogram',
    help: 'Size of the bodies of answers.',
    labels: ['handler'],
    buckets: BYTES,
  },
  registry_storage_action_seconds: {
    type: 'histogram',
    help: "Time that an action of the content store takes. Reader opens content, Stat asks for its size, Delete removes it, as distribution's do; Flush syncs what was written.",
    labels: ['action', 'driver'],
    buckets: ACTION_SECONDS,
  },
  registry_storage_cache_total: {
    type: 'counter',
    help: "Questions to the cache of manifests: Request, Hit or Miss. distribution 2.8's name.",
    labels: ['type'],
  },
  registry_storage_cache_requests_total: {
    type: 'counter',
    help: "Questions to the cache of manifests. distribution 3's name.",
    labels: [],
  },
  registry_storage_cache_hits_total: {
    type: 'counter',
    help: "Questions that the cache of manifests could answer. distribution 3's name.",
    labels: [],
  },
  registry_storage_cache_errors_total: {
    type: 'counter',
    help: "Always 0: the cache is in memory and cannot fail. distribution 3's name.",
    labels: [],
  },
  registry_notifications_events_total: {
    type: 'counter',
    help: 'Events of this process by what became of them: Events recorded, Successes, Failures (refused), Errors (no answer).',
    labels: ['endpoint', 'type'],
  },
  registry_notifications_status_total: {
    type: 'counter',
    help: 'Answers of endpoints by their status line.',
    labels: ['code', 'endpoint'],
  },
  registry_notifications_pending_total: {
    type: 'gauge',
    help: 'Events that wait for their delivery, in the queue that all processes share; counted up to 100,000.',
    labels: ['endpoint'],
  },
  berth_notifications_parked: {
    type: 'gauge',
    help: 'Events that were given up and wait for `berth events replay`; counted up to 100,000.',
    labels: ['endpoint'],
  },
  berth_build_info: {
    type: 'gauge',
    help: 'Always 1; the labels tell the versions of Berth and of Node.',
    labels: ['node', 'version'],
  },
  berth_index_transaction_seconds: {
    type: 'histogram',
    help: 'Time of a change to the index, the wait for others of its group and the sync of the disk included.',
    labels: ['transaction'],
    buckets: COMMIT_SECONDS,
  },
  berth_index_group_size: {
    type: 'histogram',
    help: 'Changes that shared one commit, and so one sync of the disk.',
    labels: [],
    buckets: GROUP_SIZES,
  },
  berth_uploads_open: {
    type: 'gauge',
    help: 'Uploads whose file this process keeps open between requests.',
    labels: [],
  },
  berth_limit_refusals_total: {
    type: 'counter',
    help: 'Requests that were refused by a rule for their repository: by its quota (bytes, tags) or because a tag is immutable.',
    labels: ['limit'],
  },
  berth_token_checks_total: {
    type: 'counter',
    help: 'Requests by what came of the check of their token: accepted, missing, rejected, or insufficient.',
    labels: ['outcome'],
  },
  berth_logins_total: {
    type: 'counter',
    help: 'Attempts to log in, by what was presented (password, refresh_token, token_exchange, or anonymous; basic where each request brings a password) and by what came of them, as in the audit log: granted, partly-granted, denied, wrong-credentials, throttled, refused or failed.',
    labels: ['by', 'outcome'],
  },
  berth_auth_questions_total: {
    type: 'counter',
    help: 'Questions (authenticate, lookup, exchange, authorize) to a source of accounts or of rules, which is named as its section of the configuration, or accounts and roles for those of Berth itself; by what came of them: match, no-match, wrong-password or gone; granted, denied or no-match; busy (too many at once) or failure. Answers that were remembered are not among them.',
    labels: ['outcome', 'question', 'source'],
  },
  berth_auth_question_seconds: {
    type: 'histogram',
    help: 'Time that a source of accounts or of rules takes for an answer, those that were remembered left out.',
    labels: ['question', 'source'],
    buckets: COMMIT_SECONDS,
  },
  berth_auth_source_failing: {
    type: 'gauge',
    help: 'Whether the last question to a source of accounts or of rules, or the last look whether it can be reached, failed: 1 or 0.',
    labels: ['source'],
  },
  berth_auth_cache_total: {
    type: 'counter',
    help: 'Answers that were looked for among those remembered, by source, or passwords for right passwords: hit or miss.',
    labels: ['outcome', 'source'],
  },
  berth_password_hashes: {
    type: 'gauge',
    help: 'Passwords that are being hashed (running) and that wait for it (waiting).',
    labels: ['state'],
  },
  berth_audit_entries_dropped_total: {
    type: 'counter',
    help: 'Entries of the audit log that were lost, by where they were to go: file, syslog or webhook.',
    labels: ['sink'],
  },
  berth_rule_reloads_total: {
    type: 'counter',
    help: 'Times that rules of a database were read, by what came of it: loaded, unchanged, refused (one of them cannot be used; the old ones stay), or failed (the database could not be asked; the old ones stay).',
    labels: ['outcome', 'source'],
  },
  berth_health_check_failing: {
    type: 'gauge',
    help: 'Whether a configured health check keeps the registry from answering: 1 or 0.',
    labels: ['check'],
  },
  berth_takeover_repositories: {
    type: 'gauge',
    help: 'Repositories that a registry:2 left in the data folder, by state: done, or waiting to be taken over. While there are any that wait.',
    labels: ['state'],
  },
} as const satisfies Record<string, MetricEntry>;

type Table = typeof METRICS;

export type MetricName = keyof Table;

/** The names of one type. */
export type NameOf<T extends MetricEntry['type']> = {
  [N in MetricName]: Table[N]['type'] extends T ? N : never;
}[MetricName];

/** Exactly the labels of a metric. */
export type LabelsOf<N extends MetricName> = Readonly<Record<Table[N]['labels'][number], string>>;
