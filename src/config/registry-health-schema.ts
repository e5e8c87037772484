import type { Decoding } from './decoding.ts';
import type { HealthCheckSettings } from './health-settings.ts';
import { parseListenAddress } from './listen-address.ts';
import { type ConfigNode, formatPath } from './node.ts';
import { differs, noEffect, required, sub, type Type, withDefault } from './schema.ts';
import { Secret } from './secret.ts';
import { bool, duration, int, nonEmptyText, secretText } from './types-scalar.ts';
import { list, map, placeOfKey, refine, section } from './types-section.ts';

const DEFAULT_INTERVAL_MS = 10_000;
/** Longer than any server takes that is well; the original waits for ever. */
const DEFAULT_TIMEOUT_MS = 30_000;

const interval = differs(
  withDefault(duration, 'How often to look.', DEFAULT_INTERVAL_MS, '10s'),
  'the first look is at the start, not an interval later',
);
const threshold = withDefault(int({ min: 0 }), 'How many failures in a row count.', 1);
const timeout = withDefault(duration, 'When to give up.', DEFAULT_TIMEOUT_MS, '30s');

/** Zero means the default, as in Go, where nothing written is zero. */
function times(value: { interval: number; threshold: number }): { intervalMs: number; threshold: number } {
  return { intervalMs: value.interval || DEFAULT_INTERVAL_MS, threshold: value.threshold || 1 };
}

const storageDriver = section({
  enabled: withDefault(bool, 'Check what the registry stores on.', false),
  interval,
  threshold,
});

const fileCheck = refine(
  section({
    file: required(nonEmptyText, 'While this file exists, the registry refuses requests.'),
    interval,
    threshold: noEffect(int(), 'a file that exists counts at once, as in the original'),
  }),
  (value): HealthCheckSettings => ({ kind: 'file', file: value.file, ...times({ ...value, threshold: 1 }) }),
);

const httpCheck = refine(
  section({
    uri: differs(
      required(nonEmptyText, 'What to ask for, by HEAD.'),
      'it is asked for directly: HTTP_PROXY and its like do not count',
    ),
    headers: withDefault(map(list(secretText)), 'Headers to send.', new Map(), '{}'),
    statuscode: withDefault(int({ min: 0, max: 599 }), 'The status of a healthy answer.', 200),
    timeout,
    interval,
    threshold,
  }),
  (value, at, node): HealthCheckSettings | undefined => {
    const url = URL.canParse(value.uri) ? new URL(value.uri) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol)) {
      at.report(
        `"${formatPath([...at.path, 'uri'])}" must be a URL such as http://127.0.0.1:8080/`,
        placeOfKey(node, 'uri', at),
      );
      return undefined;
    }
    const headers = [...value.headers].flatMap(([name, lines]) =>
      lines.map((line): [string, Secret] => [name, line]),
    );
    if (url.username !== '') {
      const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      headers.push(['Authorization', new Secret(`Basic ${Buffer.from(pair).toString('base64')}`)]);
      [url.username, url.password] = ['', ''];
    }
    return {
      kind: 'http',
      uri: url.href,
      headers,
      status: value.statuscode || 200,
      timeoutMs: value.timeout || DEFAULT_TIMEOUT_MS,
      ...times(value),
    };
  },
);

const tcpCheck = refine(
  section({
    addr: required(nonEmptyText, 'Where to connect: host:port.'),
    timeout,
    interval,
    threshold,
  }),
  (value, at, node): HealthCheckSettings | undefined => {
    const address = parseListenAddress(value.addr, 'tcp');
    if (address.kind !== 'tcp') {
      const why = address.kind === 'wrong' ? address.why : 'is not host:port';
      at.report(`"${formatPath([...at.path, 'addr'])}" ${why}`, placeOfKey(node, 'addr', at));
      return undefined;
    }
    const { host = 'localhost', port } = address;
    return { kind: 'tcp', host, port, timeoutMs: value.timeout || DEFAULT_TIMEOUT_MS, ...times(value) };
  },
);

function checksOf(item: Type<HealthCheckSettings>, description: string, goName: string) {
  return { ...withDefault(list(item), description, [] as readonly HealthCheckSettings[], ''), goName };
}

/** `health`: everything that is looked at, in one list. */
export const health: Type<readonly HealthCheckSettings[]> = refine(
  section({
    storagedriver: sub(storageDriver, 'Check of the storage.'),
    file: checksOf(fileCheck, 'Files that take the registry out of service.', 'FILECHECKERS'),
    http: checksOf(httpCheck, 'Servers that must answer.', 'HTTPCHECKERS'),
    tcp: checksOf(tcpCheck, 'Addresses that must take connections.', 'TCPCHECKERS'),
  }),
  (value, at, node): readonly HealthCheckSettings[] => {
    const { storagedriver } = value;
    const storage: HealthCheckSettings[] = storagedriver.enabled
      ? [{ kind: 'storage', ...times(storagedriver) }]
      : [];
    const all = [...storage, ...value.file, ...value.http, ...value.tcp];
    checkTwins(all, at, node);
    return all;
  },
);

/** By what a check is known at /debug/health: its file, its URI without credentials, its address. */
export function healthCheckName(settings: HealthCheckSettings): string {
  switch (settings.kind) {
    case 'storage':
      return 'storagedriver_filesystem';
    case 'file':
      return settings.file;
    case 'http':
      return settings.uri;
    case 'tcp':
      return `${settings.host}:${settings.port}`;
  }
}

/** The original panics: "Check already exists". */
function checkTwins(all: readonly HealthCheckSettings[], at: Decoding, node: ConfigNode): void {
  const seen = new Set<string>();
  for (const settings of all) {
    const name = healthCheckName(settings);
    if (seen.has(name))
      at.report(`${at.name} checks ${name} twice; remove one`, placeOfKey(node, settings.kind, at));
    seen.add(name);
  }
}
