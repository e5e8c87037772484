import type { EndpointSettings } from '../../../src/config/notifications-settings.ts';
import type { KeyCase, KeyCases } from './case.ts';

const endpoints = (pairs: string): string => `notifications: {endpoints: [{${pairs}}]}`;
const named = (pair: string): string => endpoints(`name: ci, url: "http://ci.example.com/hook", ${pair}`);

/** A key of an endpoint. */
function endpoint(
  pair: string,
  setting: (settings: EndpointSettings) => unknown,
  is: unknown,
  wrong: KeyCase['wrong'],
): KeyCase {
  return {
    yaml: named(pair),
    setting: ({
      notifications: {
        endpoints: [first],
      },
    }) => first && setting(first),
    is,
    ...(wrong === undefined ? {} : { wrong }),
  };
}

export const notificationsKeys: KeyCases = {
  'notifications.events.includereferences': {
    yaml: 'notifications: {events: {includereferences: true}}',
    setting: (config) => config.notifications.includeReferences,
    is: true,
    wrong: ['notifications: {events: {includereferences: all}}', /must be true or false/],
  },
  'notifications.endpoints[].name': endpoint('timeout: 2s', ({ name }) => name, 'ci', [
    'notifications: {endpoints: [{name: ci, url: "http://a/"}, {name: ci, url: "http://b/"}]}',
    /two endpoints are called "ci"/,
  ]),
  'notifications.endpoints[].disabled': {
    yaml: 'notifications: {endpoints: [{name: a, url: "http://a/", disabled: true}, {name: b, url: "http://b/"}]}',
    setting: (config) => config.notifications.endpoints.map(({ name }) => name),
    is: ['b'],
    wrong: [named('disabled: 1'), /disabled" must be true or false/],
  },
  'notifications.endpoints[].url': {
    ...endpoint('timeout: 2s', ({ url }) => url.reveal(), 'http://ci.example.com/hook', [
      endpoints('name: ci, url: ci.example.com'),
      /"notifications\.endpoints\[0\]\.url" must be a URL/,
    ]),
    verdict: 'works-differently',
  },
  'notifications.endpoints[].headers': endpoint(
    'headers: {Authorization: [Bearer abc]}',
    ({ headers }) => headers.get('Authorization')?.map((value) => value.reveal()),
    ['Bearer abc'],
    [named('headers: {Host: [a]}'), /headers\.Host" cannot be set; remove it/],
  ),
  'notifications.endpoints[].timeout': endpoint('timeout: 2s', ({ timeoutMs }) => timeoutMs, 2000, [
    named('timeout: 500'),
    /500 has no unit and would be nanoseconds/,
  ]),
  'notifications.endpoints[].threshold': endpoint('threshold: 3', ({ threshold }) => threshold, 3, [
    named('threshold: few'),
    /threshold" must be a whole number/,
  ]),
  'notifications.endpoints[].backoff': {
    ...endpoint('backoff: 5s', ({ backoffMs }) => backoffMs, 5000, [
      named('backoff: -5s'),
      /backoff" must be a duration that is not negative/,
    ]),
    verdict: 'works-differently',
  },
  'notifications.endpoints[].ignoredmediatypes': endpoint(
    'ignoredmediatypes: [application/octet-stream]',
    ({ ignoredMediaTypes }) => ignoredMediaTypes,
    ['application/octet-stream'],
    [named('ignoredmediatypes: application/octet-stream'), /must be a list, not text/],
  ),
  'notifications.endpoints[].ignore.mediatypes': endpoint(
    'ignore: {mediatypes: [application/octet-stream]}',
    ({ ignoredMediaTypes }) => ignoredMediaTypes,
    ['application/octet-stream'],
    [named('ignore: {mediatypes: application/octet-stream}'), /must be a list, not text/],
  ),
  'notifications.endpoints[].ignore.actions': endpoint(
    'ignore: {actions: [pull, mount]}',
    ({ ignoredActions }) => ignoredActions,
    ['pull', 'mount'],
    [named('ignore: {actions: [pulls]}'), /must be one of pull, push, mount, delete, not pulls/],
  ),
};
