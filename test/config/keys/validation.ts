import type { ValidationSettings } from '../../../src/config/validation-settings.ts';
import type { KeyCase, KeyCases } from './case.ts';

const manifests = (pair: string): string => `validation: {manifests: {${pair}}}`;
const list = (items: string): string => manifests(`indexes: {platforms: list, platformlist: ${items}}`);

function key(
  yaml: string,
  setting: keyof ValidationSettings,
  is: unknown,
  wrong: readonly [yaml: string, message: RegExp],
): KeyCase {
  return { yaml, setting: ({ validation }) => validation?.[setting], is, wrong };
}

/** A key that registry:3 or Berth alone has. */
const own = (one: KeyCase): KeyCase => ({ ...one, verdict: 'works-differently' });

export const validationKeys: KeyCases = {
  'validation.enabled': {
    // The stronger one of the two.
    yaml: 'validation: {enabled: true, disabled: true}',
    setting: (config) => config.validation,
    is: { platforms: 'all', blobs: 'all', urls: undefined },
    verdict: 'works-differently',
    wrong: ['validation: {enabled: 1}', /"validation\.enabled" must be true or false/],
  },
  'validation.disabled': key('validation: {disabled: true}', 'platforms', 'none', [
    'validation: {disabled: "true"}',
    /"validation\.disabled" must be true or false, without quotes/,
  ]),
  'validation.manifests.urls.allow': key(
    manifests('urls: {allow: ["^https://a/"]}'),
    'urls',
    { allow: ['^https://a/'], deny: [] },
    [manifests('urls: {allow: ["("]}'), /"validation\.manifests\.urls\.allow\[0\]" is/],
  ),
  'validation.manifests.urls.deny': key(
    manifests('urls: {deny: ["^http:"]}'),
    'urls',
    { allow: [], deny: ['^http:'] },
    [manifests('urls: {deny: "^http:"}'), /"validation\.manifests\.urls\.deny" must be a list/],
  ),
  'validation.manifests.indexes.platforms': own(
    key(manifests('indexes: {platforms: none}'), 'platforms', 'none', [
      manifests('indexes: {platforms: some}'),
      /must be one of all, none, list, not some/,
    ]),
  ),
  'validation.manifests.indexes.platformlist[].architecture': own(
    key(
      list('[{architecture: arm64}]'),
      'platforms',
      [{ architecture: 'arm64', os: '' }],
      [list('[{architecture: [arm64]}]'), /platformlist\[0\]\.architecture" must be text, not a list/],
    ),
  ),
  'validation.manifests.indexes.platformlist[].os': own(
    key(
      list('[{os: linux}]'),
      'platforms',
      [{ architecture: '', os: 'linux' }],
      [list('[{os: [linux]}]'), /platformlist\[0\]\.os" must be text, not a list/],
    ),
  ),
  'validation.manifests.blobs': own(
    key(manifests('blobs: none'), 'blobs', 'none', [
      manifests('blobs: list'),
      /"validation\.manifests\.blobs" must be one of all, none, not list/,
    ]),
  ),
};
