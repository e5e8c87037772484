import { describe, expect, it, test } from 'vitest';
import { ConfigError } from './config-error.ts';
import { parseRegistryConfig } from './distribution.ts';
import type { ValidationSettings } from './validation-settings.ts';

const BASE = 'version: 0.1\nstorage: filesystem\nhttp: {addr: :5000}\n';

function load(yaml: string, env: Readonly<Record<string, string>> = {}) {
  return parseRegistryConfig(`${BASE}${yaml}`, 'config.yml', env);
}

function settings(yaml: string, env: Readonly<Record<string, string>> = {}): ValidationSettings | undefined {
  return load(yaml, env).config.validation;
}

function refusal(yaml: string): string {
  try {
    load(yaml);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

const ALL: ValidationSettings = { platforms: 'all', blobs: 'all', urls: undefined };
const LIST = '{platforms: list, platformlist: [{architecture: amd64, os: linux}, {os: windows}]}';

describe('validation', () => {
  test('without the section nothing is set', () => {
    expect(settings('')).toBeUndefined();
    expect(settings('validation:')).toBeUndefined();
  });

  test('validation.disabled: addresses and children of indexes are not looked at', () => {
    expect(settings('validation: {disabled: false}')).toEqual(ALL);
    const off = { ...ALL, platforms: 'none' };
    expect(settings('validation: {disabled: true}')).toEqual(off);
    const set = 'validation: {disabled: true, manifests: {urls: {allow: [a]}, indexes: {platforms: all}}}';
    expect(settings(set)).toEqual(off);
  });

  test('validation.enabled is stronger than validation.disabled, as in distribution', () => {
    expect(settings('validation: {enabled: true, disabled: true}')).toEqual(ALL);
    expect(settings('validation: {enabled: false}')).toEqual(ALL);
  });

  test.each(['all', 'none', 'ALL', 'None'])('validation.manifests.indexes.platforms: %s', (word) => {
    expect(settings(`validation: {manifests: {indexes: {platforms: ${word}}}}`)).toEqual({
      ...ALL,
      platforms: word.toLowerCase(),
    });
  });

  test('validation.manifests.indexes.platformlist', () => {
    expect(settings(`validation: {manifests: {indexes: ${LIST}}}`)?.platforms).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: '', os: 'windows' },
    ]);
  });

  test('validation.manifests.indexes.platformlist that is empty means all, and one that plays no part is told of', () => {
    const empty = load('validation: {manifests: {indexes: {platforms: list}}}');
    expect([empty.config.validation, empty.notices]).toEqual([
      ALL,
      [expect.stringContaining('which means all')],
    ]);
    const idle = load('validation: {manifests: {indexes: {platformlist: [{os: linux}]}}}');
    expect([idle.config.validation, idle.notices]).toEqual([
      ALL,
      [expect.stringMatching(/^config\.yml:4:\d+: "platformlist" has no effect/)],
    ]);
  });

  test('validation.manifests.blobs', () => {
    expect(settings('validation: {manifests: {blobs: none}}')).toEqual({ ...ALL, blobs: 'none' });
    expect(settings('validation: {manifests: {blobs: all}}')).toEqual(ALL);
  });

  test('validation.manifests.urls.allow', () => {
    expect(
      settings('validation: {manifests: {urls: {allow: ["^https?://([^/]+\\\\.)*example\\\\.com/"]}}}'),
    ).toEqual({
      ...ALL,
      urls: { allow: ['^https?://([^/]+\\.)*example\\.com/'], deny: [] },
    });
  });

  test('validation.manifests.urls.deny', () => {
    expect(settings('validation: {manifests: {urls: {deny: [a, b]}}}')).toEqual({
      ...ALL,
      urls: { allow: [], deny: ['a', 'b'] },
    });
  });

  test.each(['(?!no-look-ahead)', '[', '(a'])('validation.manifests.urls: %s is no regex of Go', (source) => {
    expect(refusal(`validation: {manifests: {urls: {allow: [${JSON.stringify(source)}]}}}`)).toMatch(
      /^config\.yml:4:\d+: "validation\.manifests\.urls\.allow\[0\]" is not a regex in Go's RE2 syntax/,
    );
  });

  it.each([
    ['validation: {manifests: {indexes: {platforms: some}}}', 'must be one of all, none, list'],
    ['validation: {manifests: {blobs: list}}', 'must be one of all, none'],
    ['validation: {manifests: {index: {}}}', 'did you mean "indexes"?'],
    ['validation: {disabeld: true}', 'did you mean "disabled"?'],
    ['validation: {manifests: {urls: {allow: a}}}', 'must be a list'],
    ['validation: {disabled: "yes"}', 'must be true or false'],
  ])('refuses %s', (yaml, message) => {
    expect(refusal(yaml)).toContain(message);
  });

  describe('from the environment', () => {
    test.each<[string, string, Partial<ValidationSettings>]>([
      ['REGISTRY_VALIDATION_DISABLED', 'true', { platforms: 'none' }],
      ['REGISTRY_VALIDATION_ENABLED', 'true', {}],
      ['REGISTRY_VALIDATION_MANIFESTS_INDEXES_PLATFORMS', 'none', { platforms: 'none' }],
      ['REGISTRY_VALIDATION_MANIFESTS_BLOBS', 'none', { blobs: 'none' }],
      ['REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW', '["^a"]', { urls: { allow: ['^a'], deny: [] } }],
      ['REGISTRY_VALIDATION_MANIFESTS_URLS_DENY_0', '^b', { urls: { allow: [], deny: ['^b'] } }],
      [
        'REGISTRY_VALIDATION_MANIFESTS_INDEXES',
        LIST.replace(', {os: windows}', ''),
        {
          platforms: [{ architecture: 'amd64', os: 'linux' }],
        },
      ],
    ])('%s=%s', (name, value, expected) => {
      expect(settings('', { [name]: value })).toEqual({ ...ALL, ...expected });
    });

    test('REGISTRY_VALIDATION_MANIFESTS_INDEXES_PLATFORMLIST_0_ARCHITECTURE and _OS', () => {
      const prefix = 'REGISTRY_VALIDATION_MANIFESTS_INDEXES_';
      expect(
        settings('', {
          [`${prefix}PLATFORMS`]: 'list',
          [`${prefix}PLATFORMLIST_0_ARCHITECTURE`]: 'arm64',
          [`${prefix}PLATFORMLIST_0_OS`]: 'linux',
        })?.platforms,
      ).toEqual([{ architecture: 'arm64', os: 'linux' }]);
    });
  });
});
