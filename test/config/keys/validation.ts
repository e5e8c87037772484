import type { ValidationSettings } from '../../../src/config/validation-settings.ts';
import { type KeyCase, type KeyCases, ONLY_3 } from './case.ts';

function validation(
  yaml: string,
  setting: (settings: ValidationSettings) => unknown,
  is: unknown,
  [wrong, message]: readonly [string, RegExp],
): KeyCase {
  return {
    yaml: `validation: {${yaml}}`,
    setting: (config) => config.validation && setting(config.validation),
    is,
    wrong: [`validation: {${wrong}}`, message],
  };
}

const BOOL = /must be true or false/;

export const validationKeys: KeyCases = {
  'validation.enabled': validation(
    'enabled: true, disabled: true, manifests: {urls: {deny: [x]}}',
    ({ urls }) => urls?.deny,
    ['x'],
    ['enabled: 1', BOOL],
  ),
  'validation.disabled': validation('disabled: true', ({ platforms }) => platforms, 'none', [
    'disabled: 1',
    BOOL,
  ]),
  'validation.manifests.urls.allow': validation(
    'manifests: {urls: {allow: ["^https://a/"]}}',
    ({ urls }) => urls?.allow,
    ['^https://a/'],
    ['manifests: {urls: {allow: ["("]}}', /"validation\.manifests\.urls\.allow\[0\]"/],
  ),
  'validation.manifests.urls.deny': validation(
    'manifests: {urls: {deny: ["^https://a/"]}}',
    ({ urls }) => urls?.deny,
    ['^https://a/'],
    ['manifests: {urls: {deny: ["("]}}', /"validation\.manifests\.urls\.deny\[0\]"/],
  ),
  'validation.manifests.indexes.platforms': {
    ...validation('manifests: {indexes: {platforms: none}}', ({ platforms }) => platforms, 'none', [
      'manifests: {indexes: {platforms: some}}',
      /must be one of all, none, list/,
    ]),
    verdict: ONLY_3,
  },
  'validation.manifests.indexes.platformlist[].architecture': {
    ...validation(
      'manifests: {indexes: {platforms: list, platformlist: [{architecture: arm64}]}}',
      ({ platforms }) => platforms,
      [{ architecture: 'arm64', os: '' }],
      ['manifests: {indexes: {platforms: list, platformlist: [{architecture: [x]}]}}', /must be text/],
    ),
    verdict: ONLY_3,
  },
  'validation.manifests.indexes.platformlist[].os': {
    ...validation(
      'manifests: {indexes: {platforms: list, platformlist: [{os: linux}]}}',
      ({ platforms }) => platforms,
      [{ architecture: '', os: 'linux' }],
      ['manifests: {indexes: {platforms: list, platformlist: [{os: [x]}]}}', /must be text/],
    ),
    verdict: ONLY_3,
  },
  'validation.manifests.blobs': validation('manifests: {blobs: none}', ({ blobs }) => blobs, 'none', [
    'manifests: {blobs: some}',
    /must be one of all, none/,
  ]),
};
