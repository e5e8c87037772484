import type { HealthCheckSettings } from '../../../src/config/health-settings.ts';
import type { Secret } from '../../../src/config/secret.ts';
import type { KeyCase, KeyCases } from './case.ts';

/** A key of the only check of its kind. */
function check(
  kind: HealthCheckSettings['kind'],
  yaml: string,
  setting: string,
  is: unknown,
  wrong: readonly [string, RegExp],
): KeyCase {
  return {
    yaml: `health: {${yaml}}`,
    setting: ({ health }) => {
      const found = health.find((each) => each.kind === kind);
      return found && Reflect.get(found, setting);
    },
    is,
    wrong: [`health: {${wrong[0]}}`, wrong[1]],
  };
}

const NEGATIVE = /must be a duration that is not negative/;
const WHOLE = /must be a whole number/;

export const healthKeys: KeyCases = {
  'health.storagedriver.enabled': check('storage', 'storagedriver: {enabled: true}', 'kind', 'storage', [
    'storagedriver: {enabled: 1}',
    /must be true or false/,
  ]),
  'health.storagedriver.interval': check(
    'storage',
    'storagedriver: {enabled: true, interval: 3s}',
    'intervalMs',
    3_000,
    ['storagedriver: {interval: -3s}', NEGATIVE],
  ),
  'health.storagedriver.threshold': check(
    'storage',
    'storagedriver: {enabled: true, threshold: 3}',
    'threshold',
    3,
    ['storagedriver: {threshold: three}', WHOLE],
  ),
  'health.file[].file': check('file', 'file: [{file: /stop}]', 'file', '/stop', [
    'file: [{interval: 1s}]',
    /"health\.file\[0\]\.file" is required/,
  ]),
  'health.file[].interval': check('file', 'file: [{file: /stop, interval: 3s}]', 'intervalMs', 3_000, [
    'file: [{file: /stop, interval: -3s}]',
    NEGATIVE,
  ]),
  'health.http[].uri': check('http', 'http: [{uri: "http://127.0.0.1/"}]', 'uri', 'http://127.0.0.1/', [
    'http: [{uri: "ftp://127.0.0.1/"}]',
    /must be a URL such as/,
  ]),
  'health.http[].headers': {
    yaml: 'health: {http: [{uri: "http://127.0.0.1/", headers: {X-Secret: [hunter2]}}]}',
    setting: ({ health: [first] }) =>
      first?.kind === 'http' &&
      first.headers.map(([name, value]: readonly [string, Secret]) => [name, value.reveal()]),
    is: [['X-Secret', 'hunter2']],
    wrong: ['health: {http: [{uri: "http://127.0.0.1/", headers: {X-Secret: hunter2}}]}', /must be a list/],
  },
  'health.http[].statuscode': check(
    'http',
    'http: [{uri: "http://127.0.0.1/", statuscode: 204}]',
    'status',
    204,
    ['http: [{uri: "http://127.0.0.1/", statuscode: 2000}]', /at most 599/],
  ),
  'health.http[].timeout': check(
    'http',
    'http: [{uri: "http://127.0.0.1/", timeout: 3s}]',
    'timeoutMs',
    3_000,
    ['http: [{uri: "http://127.0.0.1/", timeout: -3s}]', NEGATIVE],
  ),
  'health.http[].interval': check(
    'http',
    'http: [{uri: "http://127.0.0.1/", interval: 3s}]',
    'intervalMs',
    3_000,
    ['http: [{uri: "http://127.0.0.1/", interval: -3s}]', NEGATIVE],
  ),
  'health.http[].threshold': check(
    'http',
    'http: [{uri: "http://127.0.0.1/", threshold: 3}]',
    'threshold',
    3,
    ['http: [{uri: "http://127.0.0.1/", threshold: three}]', WHOLE],
  ),
  'health.tcp[].addr': check('tcp', 'tcp: [{addr: "redis:6379"}]', 'port', 6379, [
    'tcp: [{addr: redis}]',
    /"health\.tcp\[0\]\.addr"/,
  ]),
  'health.tcp[].timeout': check('tcp', 'tcp: [{addr: "redis:6379", timeout: 3s}]', 'timeoutMs', 3_000, [
    'tcp: [{addr: "redis:6379", timeout: -3s}]',
    NEGATIVE,
  ]),
  'health.tcp[].interval': check('tcp', 'tcp: [{addr: "redis:6379", interval: 3s}]', 'intervalMs', 3_000, [
    'tcp: [{addr: "redis:6379", interval: -3s}]',
    NEGATIVE,
  ]),
  'health.tcp[].threshold': check('tcp', 'tcp: [{addr: "redis:6379", threshold: 3}]', 'threshold', 3, [
    'tcp: [{addr: "redis:6379", threshold: three}]',
    WHOLE,
  ]),
};
