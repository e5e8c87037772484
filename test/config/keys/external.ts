import type { RegistryConfig } from '../../../src/config/registry-config.ts';
import type { KeyCase, KeyCases } from './case.ts';

type Builtin = Extract<RegistryConfig['auth'], { kind: 'builtin' }>['settings'];
type Section = 'ext_auth' | 'ext_authz' | 'plugin_authn' | 'plugin_authz' | 'http_auth' | 'http_authz';

/** What a section needs besides the key that is tried. */
const NEEDED = {
  ext_auth: 'command: my_auth',
  ext_authz: 'command: my_authz',
  plugin_authn: 'plugin_path: /p.mjs',
  plugin_authz: 'plugin_path: /p.mjs',
  http_auth: 'url: "https://a.example.com/"',
  http_authz: 'url: "https://a.example.com/"',
} as const satisfies Record<Section, string>;

function inSection(
  section: Section | 'casbin_authz',
  yaml: string,
  setting: (settings: NonNullable<Builtin[typeof section]>) => unknown,
  is: unknown,
  wrong?: readonly [string, RegExp],
): KeyCase {
  return {
    yaml: `auth: {builtin: {${section}: {${yaml}}}}`,
    setting: ({ auth }) => {
      const settings = auth.kind === 'builtin' ? auth.settings[section] : undefined;
      return settings && setting(settings);
    },
    is,
    // A key of Berth's own.
    verdict: 'works-differently',
    ...(wrong && { wrong: [`auth: {builtin: {${section}: {${wrong[0]}}}}`, wrong[1]] }),
  };
}

/** A key of a section, in the place of the one in `NEEDED` or beside it. */
function key(
  section: Section,
  name: string,
  value: string,
  setting: string,
  is: unknown,
  wrong: readonly [string, RegExp],
) {
  const others = NEEDED[section].startsWith(`${name}:`) ? [] : [NEEDED[section]];
  const pairs = (written: string) => [...others, `${name}: ${written}`].join(', ');
  return inSection(section, pairs(value), (settings) => plain(Reflect.get(settings, setting)), is, [
    pairs(wrong[0]),
    wrong[1],
  ]);
}

const plain = (value: unknown): unknown => {
  if (value instanceof URL) return value.href;
  if (!(value instanceof Map)) return value;
  return Object.fromEntries(
    [...value].map(([name, one]) => [name, typeof one === 'string' ? one : one.reveal()]),
  );
};

function limits(section: Section, most: number): KeyCases {
  const name = (one: string): string => `auth.builtin.${section}.${one}`;
  return {
    [name('timeout')]: key(section, 'timeout', '3s', 'timeoutMs', 3_000, [
      '0s',
      /"timeout" must be longer than nothing/,
    ]),
    [name('max_concurrent')]: key(section, 'max_concurrent', '7', 'maxConcurrent', 7, [
      String(most + 1),
      new RegExp(`must be at most ${most}`),
    ]),
    [name('max_waiting')]: key(section, 'max_waiting', '0', 'maxWaiting', 0, ['-1', /must be at least 0/]),
    [name('cache')]: key(section, 'cache', '0s', 'cacheMs', 0, ['often', /must be a duration/]),
  };
}

function program(section: 'ext_auth' | 'ext_authz'): KeyCases {
  return {
    [`auth.builtin.${section}.command`]: key(section, 'command', '/bin/x', 'command', '/bin/x', [
      '""',
      /must be text that is not empty/,
    ]),
    [`auth.builtin.${section}.args`]: key(
      section,
      'args',
      '["--flag", more]',
      'args',
      ['--flag', 'more'],
      ['--flag', /must be a list/],
    ),
    ...limits(section, 1_000),
  };
}

function plugin(section: 'plugin_authn' | 'plugin_authz'): KeyCases {
  const path = `auth.builtin.${section}.plugin_path`;
  return {
    [path]: key(section, 'plugin_path', './mine.cjs', 'path', './mine.cjs', [
      '/plugins/authn.so',
      /authn\.so is a Go plugin.*docs\/how-to\/plugins\.md/,
    ]),
    ...limits(section, 64),
  };
}

function hook(section: 'http_auth' | 'http_authz'): KeyCases {
  const name = (one: string): string => `auth.builtin.${section}.${one}`;
  return {
    [name('url')]: key(section, 'url', '"http://[::1]:81/a?b=c"', 'url', 'http://[::1]:81/a?b=c', [
      '"http://10.0.0.1/"',
      /is not encrypted and leaves this machine; write https, or allow_plain_http: true/,
    ]),
    [name('allow_plain_http')]: inSection(
      section,
      'url: "http://10.0.0.1/", allow_plain_http: true',
      (settings) => plain(Reflect.get(settings, 'url')),
      'http://10.0.0.1/',
      ['url: "http://10.0.0.1/", allow_plain_http: maybe', /must be true or false/],
    ),
    [name('headers')]: key(section, 'headers', '{X-Key: secret}', 'headers', { 'X-Key': 'secret' }, [
      '{Host: x}',
      /headers\.Host" cannot be set/,
    ]),
    [name('header_files')]: key(
      section,
      'header_files',
      '{X-Key: /run/key}',
      'headerFiles',
      { 'X-Key': '/run/key' },
      ['{"X Key": /run/key}', /is not a valid HTTP header/],
    ),
    [name('ca_certificate')]: key(section, 'ca_certificate', '/ca.pem', 'caCertificate', '/ca.pem', [
      '[x]',
      /must be text/,
    ]),
    ...limits(section, 1_000),
  };
}

const CASBIN = 'model_path: /m.conf, policy_path: /p.csv';

export const externalKeys: KeyCases = {
  ...program('ext_auth'),
  ...program('ext_authz'),
  ...plugin('plugin_authn'),
  ...plugin('plugin_authz'),
  ...hook('http_auth'),
  'auth.builtin.http_auth.lookup_url': inSection(
    'http_auth',
    'url: "https://a.example.com/", lookup_url: "https://a.example.com/standing"',
    (settings) => plain(Reflect.get(settings, 'lookupUrl')),
    'https://a.example.com/standing',
    [
      'url: "https://a.example.com/", lookup_url: "https://b.example.com/standing"',
      /is at another server than url; write an address at https:\/\/a\.example\.com/,
    ],
  ),
  ...hook('http_authz'),
  'auth.builtin.casbin_authz.model_path': inSection(
    'casbin_authz',
    CASBIN,
    (settings) => Reflect.get(settings, 'modelPath'),
    '/m.conf',
    ['policy_path: /p.csv', /casbin_authz\.model_path" is required/],
  ),
  'auth.builtin.casbin_authz.policy_path': inSection(
    'casbin_authz',
    CASBIN,
    (settings) => Reflect.get(settings, 'policyPath'),
    '/p.csv',
    ['model_path: /m.conf', /casbin_authz\.policy_path" is required/],
  ),
};
