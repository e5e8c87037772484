import type { RegistryConfig } from '../../../src/config/registry-config.ts';
import type { KeyCase, KeyCases } from './case.ts';

/** Keys outside of the large sections. */
export const topKeys: KeyCases = {
  version: {
    yaml: 'version: 0.1',
    setting: (config) => config.catalog.maxEntries,
    is: 1000,
    isDefault: true,
    wrong: ['version: 0.2', /"version" must be 0\.1, not 0\.2/],
  },
  loglevel: {
    yaml: 'loglevel: warn',
    setting: (config) => config.log.level,
    is: 'warn',
    wrong: ['loglevel: loud', /must be one of error, warn, info, debug/],
  },
  'catalog.maxentries': {
    yaml: 'catalog: {maxentries: 50}',
    setting: (config) => config.catalog.maxEntries,
    is: 50,
    wrong: ['catalog: {maxentries: many}', /must be a whole number/],
  },
  'tags.maxtags': {
    yaml: 'tags: {maxtags: 50}',
    setting: (config) => config.tags.maxTags,
    is: 50,
    verdict: 'works-differently',
    wrong: ['tags: {maxtags: -1}', /must be at least 0/],
  },
  'throttle.enabled': {
    yaml: 'throttle: {enabled: false}',
    setting: ({ throttle }) => throttle === undefined,
    is: true,
    verdict: 'works-differently',
    wrong: ['throttle: {enabled: maybe}', /must be true or false/],
  },
  'throttle.failures': {
    yaml: 'throttle: {failures: 7}',
    setting: ({ throttle }) => throttle?.failures,
    is: 7,
    verdict: 'works-differently',
    wrong: ['throttle: {failures: 0}', /must be at least 1/],
  },
  'throttle.delay': {
    yaml: 'throttle: {delay: 3s}',
    setting: ({ throttle }) => throttle?.delayMs,
    is: 3_000,
    verdict: 'works-differently',
    wrong: ['throttle: {delay: soon}', /must be a duration/],
  },
  'throttle.maxdelay': {
    yaml: 'throttle: {maxdelay: 10m}',
    setting: ({ throttle }) => throttle?.maxDelayMs,
    is: 600_000,
    verdict: 'works-differently',
    wrong: ['throttle: {maxdelay: 2h}', /longer than "throttle\.forget"/],
  },
  'throttle.forget': {
    yaml: 'throttle: {forget: 2h}',
    setting: ({ throttle }) => throttle?.forgetMs,
    is: 7_200_000,
    verdict: 'works-differently',
    wrong: ['throttle: {forget: never}', /must be a duration/],
  },
  'audit.file': {
    yaml: 'audit: {file: /var/log/audit.log}',
    setting: ({ audit }) => audit.file,
    is: '/var/log/audit.log',
    verdict: 'works-differently',
    wrong: ['audit: {file: [x]}', /must be text/],
  },
  'audit.syslog.address': {
    yaml: 'audit: {syslog: {address: "tcp://[::1]"}}',
    setting: ({ audit }) => audit.syslog?.address,
    is: { kind: 'tcp', host: '::1', port: 601 },
    verdict: 'works-differently',
    wrong: ['audit: {syslog: {address: "http://x"}}', /"audit\.syslog\.address" must be udp:/],
  },
  'audit.syslog.facility': {
    yaml: 'audit: {syslog: {facility: local4}}',
    setting: ({ audit }) => audit.syslog?.facility,
    is: 'local4',
    verdict: 'works-differently',
    wrong: ['audit: {syslog: {facility: mail}}', /must be one of auth/],
  },
  'audit.webhook.url': webhook('url: "https://a.example/x"', ({ url }) => url, 'https://a.example/x', [
    'audit: {webhook: {timeout: 1s}}',
    /"audit\.webhook\.url" must be a URL/,
  ]),
  'audit.webhook.headers': webhook(
    'url: "https://a/", headers: {Authorization: Bearer x}',
    ({ headers }) => headers.get('Authorization')?.reveal(),
    'Bearer x',
    ['audit: {webhook: {url: "https://a/", headers: {"a b": x}}}', /a b/],
  ),
  'audit.webhook.timeout': webhook('url: "https://a/", timeout: 9s', ({ timeoutMs }) => timeoutMs, 9_000, [
    'audit: {webhook: {url: "https://a/", timeout: x}}',
    /must be a duration/,
  ]),
  'audit.webhook.queue': webhook('url: "https://a/", queue: 9', ({ queue }) => queue, 9, [
    'audit: {webhook: {url: "https://a/", queue: 0}}',
    /must be at least 1/,
  ]),
};

type Webhook = NonNullable<RegistryConfig['audit']['webhook']>;

function webhook(
  yaml: string,
  setting: (webhook: Webhook) => unknown,
  is: unknown,
  wrong: NonNullable<KeyCase['wrong']>,
): KeyCase {
  return {
    yaml: `audit: {webhook: {${yaml}}}`,
    setting: ({ audit }) => audit.webhook && setting(audit.webhook),
    is,
    verdict: 'works-differently',
    wrong,
  };
}
