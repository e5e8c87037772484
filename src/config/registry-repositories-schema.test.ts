import { describe, expect, test } from 'vitest';
import { decide } from '../policy/repository-rules.ts';
import { parseRegistryConfig } from './distribution.ts';
import type { Environment } from './environment.ts';

const HEAD = 'version: 0.1\nstorage: filesystem\nhttp: {addr: ":5000"}\n';

function rules(yaml: string, env: Environment = {}) {
  return parseRegistryConfig(`${HEAD}${yaml}\n`, 'config.yml', env).config.repositories;
}

describe('repositories', () => {
  test('the first entry that fits and has the concern decides', () => {
    const some = rules(`repositories:
  - {match: ["ci/**", "tmp/*"], quota: {maxbytes: 1GB}}
  - {match: "ci/keep", immutabletags: "*"}
  - {match: "**", immutabletags: ["v*"], quota: {maxtags: 10}}`);
    const quota = (name: string) => decide(some, name, 'quota');
    const tags = (name: string) => decide(some, name, 'immutableTags')?.map(({ text }) => text);
    expect(quota('ci/a/b')).toEqual({ maxBytes: 1e9, maxTags: undefined, isShared: false });
    expect(quota('tmp/a')).toEqual({ maxBytes: 1e9, maxTags: undefined, isShared: false });
    expect(quota('tmp/a/b')).toEqual({ maxBytes: undefined, maxTags: 10, isShared: false });
    expect(tags('ci/keep')).toEqual(['*']);
    expect(tags('ci/other')).toEqual(['v*']);
  });

  test('without a rule there is none', () => {
    expect(rules('')).toEqual([]);
    expect(rules('repositories: []')).toEqual([]);
    expect(decide(rules('repositories: [{match: a, quota: {maxtags: 1}}]'), 'b', 'quota')).toBeUndefined();
  });

  test('an entry can lift what a later one asks for', () => {
    const some = rules(`repositories:
  - {match: base/**, immutabletags: [], quota: {maxbytes: unlimited}}
  - {match: "**", immutabletags: "*", quota: {maxbytes: 1KiB, maxtags: 1}}`);
    expect(decide(some, 'base/os', 'immutableTags')).toEqual([]);
    expect(decide(some, 'base/os', 'quota')).toEqual({
      maxBytes: undefined,
      maxTags: undefined,
      isShared: false,
    });
    expect(decide(some, 'x', 'quota')).toEqual({ maxBytes: 1024, maxTags: 1, isShared: false });
  });

  test('environment: the whole list as YAML, or one key of an entry', () => {
    const env = { REGISTRY_REPOSITORIES: '[{match: "ci/**", quota: {maxtags: 5}}]' };
    expect(decide(rules('', env), 'ci/a', 'quota')?.maxTags).toBe(5);
    const yaml = 'repositories: [{match: "ci/**", quota: {maxtags: 5}}]';
    const changed = rules(yaml, {
      REGISTRY_REPOSITORIES_0_QUOTA_MAXTAGS: '6',
      REGISTRY_REPOSITORIES_1_MATCH: 'base',
      REGISTRY_REPOSITORIES_1_IMMUTABLETAGS: '["v*"]',
    });
    expect(decide(changed, 'ci/a', 'quota')?.maxTags).toBe(6);
    expect(decide(changed, 'base', 'immutableTags')?.map(({ text }) => text)).toEqual(['v*']);
  });

  test.each([
    ['[{quota: {maxtags: 1}}]', /config\.yml:4:\d+: "repositories\[0\]\.match" is required/],
    ['[{match: []}]', /is for no repository/],
    [
      '[{match: a}]',
      /"repositories\[0\]" says nothing of its repositories: write immutabletags, quota or retention/,
    ],
    ['[{match: a, quota: {}}]', /"repositories\[0\]\.quota" limits nothing/],
    ['[{match: a, qouta: {maxtags: 1}}]', /did you mean "quota"\?/],
    ['[{match: a, quota: {maxtags: 0}}]', /maxtags" is 0, so that nothing could be pushed/],
    ['[{match: a, quota: {maxbytes: -1}}]', /maxbytes" must be a size such as 50GB.* and is "-1"/],
    ['[{match: a, quota: {maxbytes: [1]}}]', /maxbytes" must be a size, not a list/],
    [
      '[{match: CI/**, quota: {maxtags: 1}}]',
      /"CI\/\*\*" fits no repository, because of "C": write "ci\/\*\*"/,
    ],
    ['[{match: /ci, quota: {maxtags: 1}}]', /"\/ci" fits no repository: write "ci", or "ci\/\*\*"/],
    ['[{match: ci/, quota: {maxtags: 1}}]', /write "ci", or "ci\/\*\*" for what is below/],
    ['[{match: "{a,b}", quota: {maxtags: 1}}]', /there is no \{a,b\}; write a list/],
    ['[{match: "!a", quota: {maxtags: 1}}]', /there is no "!"/],
    ['[{match: "a b", quota: {maxtags: 1}}]', /because of " ": names have lower-case letters/],
    ['[{match: a, immutabletags: true}]', /true is no pattern; write "\*" for all/],
    ['[{match: a, immutabletags: [a/b]}]', /"a\/b" fits no tag, because of "\/": names have letters/],
    ['[{match: a, immutabletags: {a: b}}]', /immutabletags" must be text/],
    ['{match: a, quota: {maxtags: 1}}', /"repositories" must be a list/],
  ])('repositories: %s is refused', (yaml, message) => {
    expect(() => rules(`repositories: ${yaml}`)).toThrow(message);
  });

  test.each([
    ['a rule for everything', '"**"', 'a/b'],
    ['the same pattern', 'ci/**', 'ci/**'],
    ['a pattern that fits the name', 'ci/*', 'ci/app'],
    ['patterns that are all there', '[a, b, c]', '[c, a]'],
  ])('an entry that never decides, because of %s', (_, earlier, later) => {
    const yaml = `repositories:
  - {match: ${earlier}, quota: {maxtags: 1}}
  - match: ${later}
    quota: {maxtags: 2}`;
    expect(() => rules(yaml)).toThrow(
      'config.yml:7:5: "repositories[1].quota" never decides: "repositories[0]" (line 5) comes first and is for the same repositories; move this entry before it',
    );
  });

  test('entries of different concerns do not hide each other', () => {
    expect(
      rules('repositories: [{match: "**", quota: {maxtags: 1}}, {match: a, immutabletags: "*"}]'),
    ).toHaveLength(2);
    expect(
      rules('repositories: [{match: a, quota: {maxtags: 1}}, {match: "[ab]", quota: {maxtags: 2}}]'),
    ).toHaveLength(2);
  });
});
