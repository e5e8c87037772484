import type { HealthCheckSettings } from '../../../src/config/health-settings.ts';
import type { RegistryConfig } from '../../../src/config/registry-config.ts';
import type { KeyCase, KeyCases } from './case.ts';

const first = ({ health: [check] }: RegistryConfig): HealthCheckSettings | undefined => check;

/** A key of the first check of a kind: what it decides, the value, and a wrong one. */
function check(
  yaml: (pair: string) => string,
  pair: string,
  setting: string,
  is: unknown,
  wrong: readonly [pair: string, message: RegExp],
): KeyCase {
  return {
    yaml: yaml(pair),
    setting: (config) => Reflect.get(first(config) ?? {}, setting),
    is,
    wrong: [yaml(wrong[0]), wrong[1]],
  };
}

const storage = (pair: string): string => `health: {storagedriver: {enabled: true, ${pair}}}`;
const file = (pair: string): string => `health: {file: [{file: /tmp/down, ${pair}}]}`;
const http = (pair: string): string => `health: {http: [{uri: "http://a/", ${pair}}]}`;
const tcp = (pair: string): string => `health: {tcp: [{addr: "a:1", ${pair}}]}`;

/** The first look is at the start. */
function interval(yaml: (pair: string) => string): KeyCase {
  const own = check(yaml, 'interval: 3s', 'intervalMs', 3000, ['interval: 3', /3 has no unit/]);
  return { ...own, verdict: 'works-differently' };
}

function threshold(yaml: (pair: string) => string): KeyCase {
  return check(yaml, 'threshold: 3', 'threshold', 3, ['threshold: -1', /threshold" must be at least 0/]);
}

function timeout(yaml: (pair: string) => string): KeyCase {
  return check(yaml, 'timeout: 2s', 'timeoutMs', 2000, ['timeout: soon', /timeout" must be a duration/]);
}

export const healthKeys: KeyCases = {
  'health.storagedriver.enabled': {
    yaml: 'health: {storagedriver: {enabled: true}}',
    setting: (config) => config.health,
    is: [{ kind: 'storage', intervalMs: 10_000, threshold: 1 }],
    wrong: ['health: {storagedriver: {enabled: "true"}}', /must be true or false, without quotes/],
  },
  'health.storagedriver.interval': interval(storage),
  'health.storagedriver.threshold': threshold(storage),
  'health.file[].file': {
    yaml: 'health: {file: [{file: /tmp/down}]}',
    setting: (config) => config.health,
    is: [{ kind: 'file', file: '/tmp/down', intervalMs: 10_000, threshold: 1 }],
    wrong: ['health: {file: [{interval: 3s}]}', /"health\.file\[0\]\.file" is required/],
  },
  'health.file[].interval': interval(file),
  'health.http[].uri': {
    yaml: 'health: {http: [{uri: "http://user:secret@127.0.0.1:8080/up"}]}',
    setting: (config) => Reflect.get(first(config) ?? {}, 'uri'),
    is: 'http://127.0.0.1:8080/up',
    verdict: 'works-differently',
    wrong: ['health: {http: [{uri: "127.0.0.1:8080"}]}', /"health\.http\[0\]\.uri" must be a URL/],
  },
  'health.http[].headers': {
    yaml: http('headers: {X-Probe: [a, b]}'),
    setting: (config) => {
      const settings = first(config);
      return settings?.kind === 'http'
        ? settings.headers.map(([name, value]) => [name, value.reveal()])
        : undefined;
    },
    is: [
      ['X-Probe', 'a'],
      ['X-Probe', 'b'],
    ],
    wrong: [http('headers: {X-Probe: a}'), /headers\.X-Probe" must be a list, not text$/],
  },
  'health.http[].statuscode': check(http, 'statuscode: 204', 'status', 204, [
    'statuscode: 1000',
    /statuscode" must be at most 599/,
  ]),
  'health.http[].timeout': timeout(http),
  'health.http[].interval': interval(http),
  'health.http[].threshold': threshold(http),
  'health.tcp[].addr': {
    yaml: 'health: {tcp: [{addr: "redis:6379"}]}',
    setting: (config) => config.health,
    is: [{ kind: 'tcp', host: 'redis', port: 6379, timeoutMs: 30_000, intervalMs: 10_000, threshold: 1 }],
    wrong: ['health: {tcp: [{addr: redis}]}', /"health\.tcp\[0\]\.addr" has no port/],
  },
  'health.tcp[].timeout': timeout(tcp),
  'health.tcp[].interval': interval(tcp),
  'health.tcp[].threshold': threshold(tcp),
};
