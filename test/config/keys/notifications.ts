import type { EndpointSettings } from '../../../src/config/notifications-settings.ts';
import type { KeyCase, KeyCases } from './case.ts';

const URL = 'url: "https://events.example.com/hook"';

/** A key of the only endpoint. */
function endpoint(
  yaml: string,
  setting: (settings: EndpointSettings) => unknown,
  is: unknown,
  [wrong, message]: readonly [string, RegExp],
): KeyCase {
  return {
    yaml: `notifications: {endpoints: [{${yaml}}]}`,
    setting: ({ notifications: { endpoints } }) => endpoints[0] && setting(endpoints[0]),
    is,
    wrong: [`notifications: {endpoints: [{${wrong}}]}`, message],
  };
}

export const notificationKeys: KeyCases = {
  'notifications.events.includereferences': {
    yaml: 'notifications: {events: {includereferences: true}}',
    setting: ({ notifications }) => notifications.includeReferences,
    is: true,
    wrong: ['notifications: {events: {includereferences: 1}}', /must be true or false/],
  },
  'notifications.endpoints[].name': endpoint(`name: alice, ${URL}`, ({ name }) => name, 'alice', [
    `${URL}, name: [alice]`,
    /"notifications\.endpoints\[0\]\.name"/,
  ]),
  'notifications.endpoints[].disabled': {
    yaml: `notifications: {endpoints: [{name: off, ${URL}, disabled: true}, {name: on, ${URL}}]}`,
    setting: ({ notifications }) => notifications.endpoints.map(({ name }) => name),
    is: ['on'],
    wrong: [`notifications: {endpoints: [{${URL}, disabled: 1}]}`, /must be true or false/],
  },
  'notifications.endpoints[].url': {
    ...endpoint(URL, ({ url }) => url.reveal(), 'https://events.example.com/hook', [
      'url: "file:///etc/passwd"',
      /must be a URL such as/,
    ]),
    verdict: 'works-differently',
  },
  'notifications.endpoints[].headers': endpoint(
    `${URL}, headers: {Authorization: [Bearer x]}`,
    ({ headers }) => headers.get('Authorization')?.map((value) => value.reveal()),
    ['Bearer x'],
    [`${URL}, headers: {Host: [x]}`, /cannot be set; remove it/],
  ),
  'notifications.endpoints[].timeout': endpoint(`${URL}, timeout: 3s`, ({ timeoutMs }) => timeoutMs, 3_000, [
    `${URL}, timeout: 3`,
    /no unit and would be nanoseconds/,
  ]),
  'notifications.endpoints[].threshold': endpoint(`${URL}, threshold: 3`, ({ threshold }) => threshold, 3, [
    `${URL}, threshold: three`,
    /must be a whole number/,
  ]),
  'notifications.endpoints[].backoff': endpoint(`${URL}, backoff: 3s`, ({ backoffMs }) => backoffMs, 3_000, [
    `${URL}, backoff: 3`,
    /no unit and would be nanoseconds/,
  ]),
  'notifications.endpoints[].ignoredmediatypes': endpoint(
    `${URL}, ignoredmediatypes: [a/b]`,
    ({ ignoredMediaTypes }) => ignoredMediaTypes,
    ['a/b'],
    [`${URL}, ignoredmediatypes: a/b`, /write \[a\/b\]/],
  ),
  'notifications.endpoints[].ignore.mediatypes': endpoint(
    `${URL}, ignore: {mediatypes: [a/b]}`,
    ({ ignoredMediaTypes }) => ignoredMediaTypes,
    ['a/b'],
    [`${URL}, ignore: {mediatypes: a/b}`, /write \[a\/b\]/],
  ),
  'notifications.endpoints[].ignore.actions': endpoint(
    `${URL}, ignore: {actions: [pull]}`,
    ({ ignoredActions }) => ignoredActions,
    ['pull'],
    [`${URL}, ignore: {actions: [pulls]}`, /must be one of pull, push, mount, delete/],
  ),
};
