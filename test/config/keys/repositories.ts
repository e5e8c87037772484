import type { RegistryConfig } from '../../../src/config/registry-config.ts';
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

export const repositoriesKeys: KeyCases = {
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
  'repositories[].quota.maxtags': key(entry('quota: {maxtags: 1000}'), (rule) => rule?.quota?.maxTags, 1000, [
    entry('quota: {maxtags: 1.5}'),
    /"repositories\[0\]\.quota\.maxtags" must be a whole number, or unlimited, and is "1\.5"/,
  ]),
};
