import type { RegistryConfig } from '../../../src/config/registry-config.ts';
import type { Retention } from '../../../src/policy/retention.ts';
import type { KeyCase, KeyCases } from './case.ts';

const entry = (pairs: string, match = '"ci/**"'): string => `repositories: [{match: ${match}, ${pairs}}]`;

function key(
  yaml: string,
  setting: (rule: RegistryConfig['repositories'][number] | undefined) => unknown,
  is: unknown,
  wrong: readonly [yaml: string, message: RegExp],
): KeyCase {
  return {
    yaml,
    setting: (config) => setting(config.repositories[0]),
    is,
    wrong,
    verdict: 'works-differently',
  };
}

/** A key of `retention`, and a value that is refused. */
function rule(
  key: string,
  value: string,
  setting: (retention: Retention | undefined) => unknown,
  is: unknown,
  wrong: readonly [value: string, message: RegExp],
  more = '',
): readonly [string, KeyCase] {
  const written = (text: string): string => entry(`retention: {${key}: ${text}${more}}`);
  return [
    `repositories[].retention.${key}`,
    {
      yaml: written(value),
      setting: (config) => setting(config.repositories[0]?.retention),
      is,
      wrong: [written(wrong[0]), wrong[1]],
      verdict: 'works-differently',
    },
  ];
}

const retentionKeys: KeyCases = Object.fromEntries([
  rule('keepall', 'true', (all) => all?.keepAll, true, ['"true"', /must be true or false, without quotes/]),
  rule('keeplast', '10', (all) => all?.keepLast, 10, ['0', /keeplast" must be at least 1/]),
  rule(
    'keeplastmatching',
    '{"nightly-*": 7}',
    (all) => all?.keepLastMatching.map(({ pattern, count }) => [pattern.text, count]),
    [['nightly-*', 7]],
    ['{"{a,b}": 7}', /keeplastmatching\.\{a,b\}": .*there is no \{a,b\}/],
  ),
  rule('keepyoungerthan', '720h', (all) => all?.keepYoungerThanMs, 2_592_000_000, [
    '0',
    /keepyoungerthan" keeps nothing/,
  ]),
  rule('keeppulledwithin', '336h', (all) => all?.keepPulledWithinMs, 1_209_600_000, [
    '14',
    /has no unit and would be nanoseconds/,
  ]),
  rule(
    'keepmatching',
    '["v*", latest]',
    (all) => all?.keepMatching.map(({ text }) => text),
    ['v*', 'latest'],
    ['true', /true is no pattern/],
  ),
  rule(
    'removeimmutabletags',
    'true',
    (all) => all?.removeImmutable,
    true,
    ['1', /must be true or false/],
    ', keeplast: 1',
  ),
]);

export const repositoriesKeys: KeyCases = {
  ...retentionKeys,
  'repositories[].match': key(
    entry('quota: {maxtags: 1}', '["ci/**", /^tmp-/]'),
    (rule) => rule?.match.map(({ text }) => text),
    ['ci/**', '/^tmp-/'],
    [entry('quota: {maxtags: 1}', 'ci**'), /"repositories\[0\]\.match" is no pattern: \*\* beside other/],
  ),
  'repositories[].immutabletags': key(
    entry('immutabletags: ["v*", /^release-/]'),
    (rule) => rule?.immutableTags?.map(({ text }) => text),
    ['v*', '/^release-/'],
    [entry('immutabletags: ["/v(/"]'), /"repositories\[0\]\.immutabletags\[0\]" is no pattern: not a regex/],
  ),
  'repositories[].quota.maxbytes': key(
    entry('quota: {maxbytes: 50GB}'),
    (rule) => rule?.quota?.maxBytes,
    50_000_000_000,
    [entry('quota: {maxbytes: 50G}'), /"repositories\[0\]\.quota\.maxbytes" does not say which unit/],
  ),
  'repositories[].quota.scope': key(
    entry('quota: {maxbytes: 1kB, scope: together}'),
    (rule) => rule?.quota?.isShared,
    true,
    [
      entry('quota: {maxbytes: 1kB, scope: all}'),
      /"repositories\[0\]\.quota\.scope" must be one of each, together/,
    ],
  ),
  'repositories[].quota.maxtags': key(entry('quota: {maxtags: 1000}'), (rule) => rule?.quota?.maxTags, 1000, [
    entry('quota: {maxtags: 1.5}'),
    /"repositories\[0\]\.quota\.maxtags" must be a whole number, or unlimited, and is "1\.5"/,
  ]),
};
