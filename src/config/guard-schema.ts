import type { Decoding } from './decoding.ts';
import { checkHeader } from './header-checks.ts';
import type { ConfigNode } from './node.ts';
import { optional, sub, type Type, withDefault } from './schema.ts';
import type { Secret } from './secret.ts';
import { bool, duration, int, nonEmptyText, oneOf, secretText } from './types-scalar.ts';
import { map, placeOfKey, refine, section } from './types-section.ts';

/* Berth's own sections about who watches over logins, the same in both dialects. */

/** `throttle`; undefined where it is switched off. */
export interface ThrottleConfig {
  readonly failures: number;
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly forgetMs: number;
}

const MINUTE_MS = 60_000;

const throttle: Type<{ readonly settings: ThrottleConfig | undefined }> = refine(
  section({
    enabled: withDefault(bool, 'Whether wrong passwords make wait.', true),
    failures: withDefault(
      int({ min: 1, max: 1_000 }),
      'So many wrong passwords for an account from one address are free; four times as many from an address, and twenty times as many from a network or for an account.',
      5,
    ),
    delay: withDefault(duration, 'The first wait; each further failure doubles it.', 1_000, '1s'),
    maxdelay: withDefault(duration, 'The longest wait.', 15 * MINUTE_MS, '15m'),
    forget: withDefault(duration, 'After so long without a failure, all is forgotten.', 60 * MINUTE_MS, '1h'),
  }),
  (value, at, node) => {
    const { enabled, failures, delay: delayMs, maxdelay: maxDelayMs, forget: forgetMs } = value;
    if (maxDelayMs > forgetMs) {
      at.report(
        '"throttle.maxdelay" is longer than "throttle.forget", so that it would never end in time; write a longer forget',
        placeOfKey(node, 'maxdelay', at),
      );
    }
    return { settings: enabled ? { failures, delayMs, maxDelayMs, forgetMs } : undefined };
  },
);

/** Where a syslog server listens. */
export type SyslogAddress =
  | { readonly kind: 'udp' | 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** `audit`: where it is noted who got what. Nothing is noted where all are undefined. */
export interface AuditSettings {
  /** Path as written. */
  readonly file: string | undefined;
  readonly syslog: { readonly address: SyslogAddress; readonly facility: SyslogFacility } | undefined;
  readonly webhook:
    | {
        readonly url: string;
        readonly headers: ReadonlyMap<string, Secret>;
        readonly timeoutMs: number;
        /** So many entries wait at the most; what comes then is dropped, and counted. */
        readonly queue: number;
      }
    | undefined;
}

const FACILITIES = ['auth', 'authpriv', 'daemon', 'local0', 'local4', 'local7'] as const;
export type SyslogFacility = (typeof FACILITIES)[number];

const syslog = refine(
  section({
    address: withDefault(
      nonEmptyText,
      'The syslog server: `udp://host:514`, `tcp://host:601` or `unix:///dev/log`.',
      'unix:///dev/log',
    ),
    facility: withDefault(oneOf(FACILITIES), 'Facility of the messages.', 'authpriv'),
  }),
  (value, at, node) => {
    const address = syslogAddress(value.address);
    if (address === undefined) return wrongAddress(at, node);
    return { address, facility: value.facility };
  },
);

function wrongAddress(at: Decoding, node: ConfigNode): undefined {
  at.report(
    `${at.name.replace(/"$/, '.address"')} must be udp://host:514, tcp://host:601 or unix:///dev/log`,
    placeOfKey(node, 'address', at),
  );
  return undefined;
}

function syslogAddress(text: string): SyslogAddress | undefined {
  const unix = /^unix:\/\/(\/.+)$/.exec(text)?.[1];
  if (unix !== undefined) return { kind: 'unix', path: unix };
  const [, kind, host = '', port] =
    /^(udp|tcp):\/\/(\[[0-9a-fA-F:]+\]|[\w.-]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (kind !== 'udp' && kind !== 'tcp') return undefined;
  return { kind, host: host.replace(/^\[|\]$/g, ''), port: Number(port ?? (kind === 'udp' ? 514 : 601)) };
}

const headers = refine(map(secretText), (value, at, node) => {
  for (const [name, secret] of value) checkHeader(name, [secret.reveal()], at, node);
  return value;
});

const webhook = refine(
  section({
    url: optional(nonEmptyText, 'Where entries are sent by POST, as lines of JSON.'),
    headers: withDefault(headers, 'Headers of the request; their values are secrets.', new Map(), '{}'),
    timeout: withDefault(duration, 'How long an answer may take.', 5_000, '5s'),
    queue: withDefault(
      int({ min: 1, max: 1_000_000 }),
      'So many entries wait at the most; what comes then is dropped, and counted.',
      10_000,
    ),
  }),
  ({ url, headers, timeout: timeoutMs, queue }, at, node): AuditSettings['webhook'] => {
    if (url !== undefined && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) {
      return { url, headers, timeoutMs, queue };
    }
    at.report(
      '"audit.webhook.url" must be a URL that begins with https:// or http://',
      placeOfKey(node, 'url', at),
    );
    return undefined;
  },
);

/** The two sections, for the top of both dialects. */
export const guardFields = {
  throttle: sub(throttle, 'What wrong passwords lead to.'),
  audit: sub(
    section({
      file: optional(
        nonEmptyText,
        'File that entries are added to, one line of JSON each; opened anew at SIGHUP.',
      ),
      syslog: optional(syslog, 'Entries go to a syslog server (RFC 5424), too.'),
      webhook: optional(webhook, 'Entries are sent to a web service, too.'),
    }),
    'Where it is noted who logged in, from where, and what was granted by which rule.',
  ),
} as const;
