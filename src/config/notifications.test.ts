import { describe, expect, it } from 'vitest';
import { parseRegistryConfig } from './distribution.ts';
import type { EndpointSettings, NotificationsSettings } from './notifications-settings.ts';

function read(yaml: string, env: Record<string, string> = {}): NotificationsSettings {
  const text = `version: 0.1\nstorage: filesystem\nhttp: {addr: :5000}\n${yaml}`;
  return parseRegistryConfig(text, 'config.yml', env).config.notifications;
}

/** The settings of one endpoint with these keys. */
function endpoint(keys: string, env: Record<string, string> = {}): EndpointSettings {
  const url = keys.includes('url:') ? '' : 'url: https://events.example.com/hook, ';
  const [first] = read(`notifications: {endpoints: [{${url}${keys}}]}`, env).endpoints;
  if (first === undefined) throw new Error('there is no endpoint');
  return first;
}

describe('notifications', () => {
  it('may be left out: nobody is told', () => {
    const nobody = { includeReferences: false, endpoints: [] };
    for (const yaml of [
      '',
      'notifications:',
      'notifications: {events: , endpoints: }',
      'notifications: {}',
    ]) {
      expect(read(yaml)).toEqual(nobody);
    }
  });

  it('events.includereferences', () => {
    expect(read('notifications: {events: {includereferences: true}}').includeReferences).toBe(true);
    const name = 'REGISTRY_NOTIFICATIONS_EVENTCONFIG_INCLUDEREFERENCES';
    expect(read('', { [name]: 'true' }).includeReferences).toBe(true);
    const yamlName = 'REGISTRY_NOTIFICATIONS_EVENTS_INCLUDEREFERENCES';
    expect(read('', { [yamlName]: 'true' }).includeReferences, "Go's field name counts").toBe(false);
  });

  it('endpoints[].name, by default the address without what is secret in it', () => {
    expect(endpoint('name: hook').name).toBe('hook');
    expect(endpoint('url: "https://me:s3cret@events.example.com:8443/a?token=s3cret"').name).toBe(
      'events.example.com:8443/a',
    );
  });

  it('endpoints[].disabled', () => {
    for (const off of ['url: "https://a/"', 'url: ""', 'name: off']) {
      const yaml = `notifications: {endpoints: [{${off}, disabled: true}, {url: "https://b/"}]}`;
      expect(read(yaml).endpoints.map(({ name }) => name)).toEqual(['b/']);
    }
  });

  it('endpoints[].url', () => {
    expect(endpoint('url: "http://10.0.0.1:8080/x"').url.reveal()).toBe('http://10.0.0.1:8080/x');
    for (const url of ['', '/hook', 'events.example.com', 'ftp://a/', 'file:///etc/passwd', 'https://']) {
      expect(() => endpoint(`url: ${JSON.stringify(url)}`)).toThrow(
        /^config\.yml:4:\d+: .*url" must be a URL/,
      );
    }
    expect(() => read('notifications: {endpoints: [{name: a}]}')).toThrow('url" must be a URL');
  });

  it('endpoints[].headers, which nothing prints', () => {
    const settings = endpoint('headers: {Authorization: [Bearer s3cret], X-Many: [a, b]}');
    const revealed = [...settings.headers].map(([name, values]) => [name, values.map((one) => one.reveal())]);
    expect(revealed).toEqual([
      ['Authorization', ['Bearer s3cret']],
      ['X-Many', ['a', 'b']],
    ]);
    expect(JSON.stringify([...settings.headers])).not.toContain('s3cret');
    expect(() => endpoint('headers: {Authorization: s3cret}')).not.toThrow('s3cret');
    expect(() => endpoint('headers: {"a b": [c]}')).toThrow('not a valid HTTP header');
    expect(() => endpoint('headers: {Host: [c]}')).toThrow('cannot be set');
  });

  it('endpoints[].timeout, threshold and backoff, with the defaults of the original for what is not positive', () => {
    const defaults = { timeoutMs: 1_000, threshold: 10, backoffMs: 1_000 };
    expect(endpoint('')).toMatchObject(defaults);
    expect(endpoint('timeout: 0, threshold: -1, backoff: 0s')).toMatchObject(defaults);
    expect(endpoint('timeout: 2.5s, threshold: 3, backoff: 1m')).toMatchObject({
      ...{ timeoutMs: 2_500, threshold: 3, backoffMs: 60_000 },
    });
  });

  it('endpoints[].ignoredmediatypes and ignore.mediatypes, together', () => {
    expect(endpoint('ignoredmediatypes: [a/b], ignore: {mediatypes: [c/d]}').ignoredMediaTypes).toEqual([
      'c/d',
      'a/b',
    ]);
  });

  it('endpoints[].ignore.actions', () => {
    expect(endpoint('ignore: {actions: [pull, mount]}').ignoredActions).toEqual(['pull', 'mount']);
    expect(() => endpoint('ignore: {actions: [pulls]}')).toThrow(/one of pull, push, mount, delete/);
  });

  it('may all come from the environment', () => {
    const of = (values: Record<string, string>) =>
      Object.fromEntries(
        Object.entries(values).map(([name, value]) => [`REGISTRY_NOTIFICATIONS_ENDPOINTS_${name}`, value]),
      );
    const { endpoints } = read(
      '',
      of({
        '0_NAME': 'hook',
        '0_URL': 'https://events.example.com/',
        '0_HEADERS_AUTHORIZATION': '[Bearer s3cret]',
        '0_TIMEOUT': '3s',
        '0_THRESHOLD': '4',
        '0_BACKOFF': '5s',
        '0_IGNOREDMEDIATYPES': '[a/b]',
        '0_IGNORE_MEDIATYPES_0': 'c/d',
        '0_IGNORE_ACTIONS': '[pull]',
        '1_URL': 'https://off.example.com/',
        '1_DISABLED': 'true',
      }),
    );
    expect(endpoints).toHaveLength(1);
    expect(endpoints[0]).toMatchObject({
      ...{ name: 'hook', timeoutMs: 3_000, threshold: 4, backoffMs: 5_000 },
      ...{ ignoredMediaTypes: ['c/d', 'a/b'], ignoredActions: ['pull'] },
    });
    expect([...(endpoints[0]?.headers.keys() ?? [])]).toEqual(['authorization']);
  });

  it('say which variable is at fault', () => {
    const env = { REGISTRY_NOTIFICATIONS_ENDPOINTS_0_URL: 'nowhere' };
    expect(() => read('', env)).toThrow(/^REGISTRY_NOTIFICATIONS_ENDPOINTS_0_URL: .* must be a URL/);
  });
});
