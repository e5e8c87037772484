import { describe, expect, test } from 'vitest';
import { decide } from '../policy/repository-rules.ts';
import { parseRegistryConfig } from './distribution.ts';
import type { Environment } from './environment.ts';

const HEAD = 'version: 0.1\nstorage: filesystem\nhttp: {addr: ":5000"}\n';

function rules(retention: string, env: Environment = {}) {
  const yaml = `${HEAD}repositories:\n  - match: "ci/**"\n    retention: ${retention}\n`;
  return parseRegistryConfig(yaml, 'config.yml', env).config.repositories;
}

describe('retention', () => {
  test('the first entry that has it decides, whatever else earlier ones say', () => {
    const all = parseRegistryConfig(
      `${HEAD}repositories:
  - {match: "**", quota: {maxtags: 9}}
  - {match: ci/base, retention: {keepall: true}}
  - {match: "ci/**", retention: {keeplast: 3}}
`,
      'config.yml',
      {},
    ).config.repositories;
    expect(decide(all, 'ci/base', 'retention')?.keepAll).toBe(true);
    expect(decide(all, 'ci/app', 'retention')).toMatchObject({ keepAll: false, keepLast: 3 });
    expect(decide(all, 'other', 'retention')).toBeUndefined();
  });

  test('all rules together', () => {
    const text = `{keeplast: 3, keeplastmatching: {"pr-*": 2, /^n/: 1}, keepyoungerthan: 1h,
      keeppulledwithin: 2h, keepmatching: latest, removeimmutabletags: true}`;
    const retention = decide(rules(text), 'ci/app', 'retention');
    expect(retention).toMatchObject({
      ...{ keepAll: false, keepLast: 3, keepYoungerThanMs: 3_600_000, keepPulledWithinMs: 7_200_000 },
      removeImmutable: true,
    });
    expect(retention?.keepLastMatching.map(({ pattern, count }) => [pattern.text, count])).toEqual([
      ['pr-*', 2],
      ['/^n/', 1],
    ]);
  });

  test('a variable changes one rule', () => {
    const env = { REGISTRY_REPOSITORIES_0_RETENTION_KEEPLAST: '5' };
    expect(decide(rules('{keeplast: 3}', env), 'ci/app', 'retention')?.keepLast).toBe(5);
  });

  test.each([
    ['{}', /config\.yml:6:\d+: "repositories\[0\]\.retention" keeps no tag at all: write keeplast, /],
    ['{keepall: false}', /keeps no tag at all/],
    ['{removeimmutabletags: true}', /keeps no tag at all/],
    ['{keepmatching: []}', /keeps no tag at all/],
    ['{keeplastmatching: {}}', /keeps no tag at all/],
    ['{keeplast: }', /"keeplast" has no value; write one, or leave it out/],
    ['{keepall: true, keeplast: 1}', /keeps all, so that "keeplast" means nothing/],
    ['{keeplast: -1}', /keeplast" must be at least 1/],
    ['{keeplast: ten}', /keeplast" must be a whole number of tags/],
    ['{keepyoungerthan: 30d}', /keepyoungerthan" must be a duration/],
    ['{keepyoungerthan: 0s}', /keeps nothing: write a time such as 720h/],
    ['{keepmatching: "/(/"}', /"repositories\[0\]\.retention\.keepmatching" is no pattern: /],
    ['{keeplastmatching: {"/(/": 1}}', /keeplastmatching\.\/\(\/" is no pattern: /],
    ['{keeplastmatching: {"a b": 1}}', /"a b" fits no tag, because of " "/],
    ['{keeplastmatching: {"a*": 0}}', /must be at least 1/],
    ['{keepyoungerthen: 1h}', /did you mean "keepyoungerthan"\?/],
    ['true', /must be a section of keys, not text/],
  ])('%s is refused', (text, message) => {
    expect(() => rules(text)).toThrow(message);
  });
});
