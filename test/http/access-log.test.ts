import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { combinedAccessLog, structuredAccessLog } from '../../src/observe/access-log.ts';
import type { AccessEntry } from '../../src/ports.ts';
import { BUILTIN, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { digestOf, pushBlob } from '../support/oci-content.ts';

const PUSH = [{ type: 'repository', name: 'a', actions: ['pull', 'push'] }];

describe('the access log', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor({ config: BUILTIN });
  });
  afterAll(() => door.close());

  it('says who asked for what, and what came of it', async () => {
    const token = await door.token(PUSH, { subject: 'alice' });
    const headers = { 'user-agent': 'test/1', referer: 'http://here/' };
    const answer = await door.send('GET', '/v2/a/tags/list?n=5', { token, headers, from: '192.0.2.7' });
    expect(door.accessed.at(-1)).toMatchObject({
      requestId: answer.headers['x-request-id'],
      method: 'GET',
      target: '/v2/a/tags/list?n=5',
      httpVersion: '1.1',
      address: '192.0.2.7',
      account: 'alice',
      agent: 'test/1',
      referer: 'http://here/',
      status: answer.status,
      sentBytes: answer.body.byteLength,
    });
  });

  it('counts the bytes of bodies in both directions, with and without a length', async () => {
    const token = await door.token(PUSH);
    const started = await door.send('POST', '/v2/a/blobs/uploads/', { token });
    const location = started.headers['location'] ?? '';
    await door.send('PATCH', location, { token, body: ['x'.repeat(700), 'y'.repeat(300)] });
    expect(door.accessed.at(-1)).toMatchObject({ method: 'PATCH', receivedBytes: 1000, sentBytes: 0 });
    const content = Buffer.alloc(5000, 'z');
    await pushBlob(door, 'a', content, { token });
    await door.send('GET', `/v2/a/blobs/${digestOf(content)}`, { token });
    expect(door.accessed.at(-1)).toMatchObject({ method: 'GET', receivedBytes: 0, sentBytes: 5000 });
    await door.send('HEAD', `/v2/a/blobs/${digestOf(content)}`, { token });
    expect(door.accessed.at(-1)).toMatchObject({ method: 'HEAD', sentBytes: 0 });
  });

  it.each(['_state', 'access_token', 'token', 'refresh_token', 'password', 'code'])(
    'the parameter %s is not shown',
    async (name) => {
      await door.send('GET', `/v2/?a=1&${name}=secret&b=2`);
      expect(door.accessed.at(-1)?.target).toBe(`/v2/?a=1&${name}=***&b=2`);
    },
  );

  it('is silent with log.accesslog.disabled', async () => {
    const quiet = await openFrontDoor({ config: 'log: {accesslog: {disabled: true}}' });
    await quiet.send('GET', '/v2/');
    expect(quiet.accessed).toEqual([]);
    await quiet.close();
  });
});

const ENTRY: AccessEntry = {
  requestId: '9a546d62-43ed-4434-8d0a-b2135d93535b',
  atMs: Date.UTC(2026, 10, 23, 23, 27, 54),
  durationMs: 1.6123,
  method: 'GET',
  target: '/v2/a/manifests/x',
  httpVersion: '1.1',
  host: 'registry.test:5000',
  address: '127.0.0.1',
  account: '',
  agent: 'curl/7.88.1',
  referer: undefined,
  status: 404,
  contentType: 'application/json',
  receivedBytes: 0,
  sentBytes: 91,
};

function combined(changes: Partial<AccessEntry>): string {
  const lines: string[] = [];
  combinedAccessLog({ write: (line) => lines.push(line) }).write({ ...ENTRY, ...changes });
  return lines.join('');
}

describe('Apache’s combined format', () => {
  it('is registry:2’s line, with the request id in the second field', () => {
    expect(combined({})).toBe(
      '127.0.0.1 9a546d62-43ed-4434-8d0a-b2135d93535b - [23/Nov/2026:23:27:54 +0000] "GET /v2/a/manifests/x HTTP/1.1" 404 91 "" "curl/7.88.1"\n',
    );
  });

  it('has the account, as one word', () => {
    expect(combined({ account: 'alice' })).toContain(' alice [');
    expect(combined({ account: 'a b"\n' })).toContain(' a\\u0020b\\"\\n [');
  });

  it.each(['a"b', 'a\\b', 'a\nb', 'a\u0085b', 'a\u202eb'])('%j cannot break out of its field', (agent) => {
    const line = combined({ agent, referer: agent });
    expect(line.match(/\n/g)).toHaveLength(1);
    expect(line).toMatch(/"(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"\n$/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is asked
    expect(line).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\u009f\u202e]/);
  });

  it('is read by the usual pattern of collectors', () => {
    // fluent-bit's parser apache2.
    const parser =
      /^(?<host>[^ ]*) [^ ]* (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>[^ ]*) +\S*)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^"]*)" "(?<agent>.*)")?$/;
    expect(parser.exec(combined({ account: 'alice' }).trimEnd())?.groups).toEqual({
      host: '127.0.0.1',
      user: 'alice',
      time: '23/Nov/2026:23:27:54 +0000',
      method: 'GET',
      path: '/v2/a/manifests/x',
      code: '404',
      size: '91',
      referer: '',
      agent: 'curl/7.88.1',
    });
  });
});

function structured(formatter: 'json' | 'logstash'): Record<string, unknown> {
  const lines: string[] = [];
  structuredAccessLog(
    { fields: { service: 'registry' }, formatter },
    { write: (line) => lines.push(line) },
  ).write({
    ...ENTRY,
    account: 'alice',
  });
  return JSON.parse(lines.join(''));
}

describe('the access log in JSON', () => {
  const FIELDS = {
    level: 'info',
    service: 'registry',
    'http.request.id': ENTRY.requestId,
    'http.request.method': 'GET',
    'http.request.uri': '/v2/a/manifests/x',
    'http.request.host': 'registry.test:5000',
    'http.request.remoteaddr': '127.0.0.1',
    'http.request.useragent': 'curl/7.88.1',
    'http.request.received': 0,
    'http.response.status': 404,
    'http.response.contenttype': 'application/json',
    'http.response.written': 91,
    'http.response.duration': '1.612ms',
    'auth.user.name': 'alice',
  };

  it('json has distribution’s names', () => {
    expect(structured('json')).toEqual({
      ...FIELDS,
      time: '2026-11-23T23:27:54.000Z',
      msg: 'response completed',
    });
  });

  it('logstash has logrus-logstash’s names', () => {
    expect(structured('logstash')).toEqual({
      ...FIELDS,
      '@timestamp': '2026-11-23T23:27:54.000Z',
      '@version': '1',
      message: 'response completed',
    });
  });
});
