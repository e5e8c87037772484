import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isStream } from '../../src/http/message.ts';
import { toHttpRequest } from '../../src/http/node-request.ts';
import { type ExposedMetrics, openMetrics } from '../../src/observe/metrics.ts';
import { BUILTIN, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { digestOf, pushImage } from '../support/oci-content.ts';

/* Metrics under distribution's names, counted from what really happens. */

const ACCESS = [{ type: 'repository', name: 'a', actions: ['pull', 'push', 'delete'] }];

describe('metrics', () => {
  let metrics: ExposedMetrics;
  let door: FrontDoor;
  let token: string;
  beforeAll(async () => {
    metrics = await openMetrics({ version: '1.2.3' });
    door = await openFrontDoor({ config: BUILTIN, metrics });
    token = await door.token(ACCESS);
  });
  afterAll(() => door.close());

  const lines = async (prefix: string) =>
    (await metrics.expose()).split('\n').filter((line) => line.startsWith(prefix));
  const value = async (series: string) => {
    const found = (await lines(series)).find((line) => line.slice(series.length).startsWith(' '));
    return found === undefined ? undefined : Number(found.slice(series.length));
  };

  it('registry_http_*: by handler, method and code', async () => {
    await door.send('GET', '/v2/', { token });
    await door.send('GET', '/v2/', {});
    await door.send('GET', '/v2/a/manifests/none', { token });
    const count = (handler: string, code: number) =>
      value(`registry_http_requests_total{code="${code}",handler="${handler}",method="get"}`);
    expect(await count('base', 200)).toBe(1);
    expect(await count('base', 401)).toBe(1);
    expect(await count('manifest', 404)).toBe(1);
    expect(await value('registry_http_request_duration_seconds_count{handler="base",method="get"}')).toBe(2);
    expect(await value('registry_http_request_size_bytes_count{handler="base"}')).toBe(2);
    expect(await value('registry_http_response_size_bytes_count{handler="base"}')).toBe(2);
    expect(await value('registry_http_in_flight_requests{handler="base"}')).toBe(0);
  });

  it('the handlers have distribution’s names', async () => {
    await pushImage(door, 'a', 'v1', { token });
    await door.send('GET', '/v2/a/tags/list', { token });
    await door.send('GET', '/v2/_catalog', { token });
    const found = (await lines('registry_http_in_flight_requests{')).map((line) => /"(.*)"/.exec(line)?.[1]);
    expect(found).toEqual(expect.arrayContaining(['base', 'blob_upload', 'manifest', 'tags', 'catalog']));
  });

  it('buckets are cumulative, and distribution’s', async () => {
    const series = await lines('registry_http_request_duration_seconds_bucket{handler="base",method="get"');
    expect(series.map((line) => /le="([^"]*)"/.exec(line)?.[1])).toEqual(
      '0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 25 60 +Inf'.split(' '),
    );
    const counts = series.map((line) => Number(line.split(' ').at(-1)));
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts.at(-1)).toBe(2);
    const sizes = await lines('registry_http_response_size_bytes_bucket{handler="base"');
    expect(sizes.map((line) => /le="([^"]*)"/.exec(line)?.[1]).slice(0, 2)).toEqual(['1024', '2048']);
    expect(sizes).toHaveLength(23);
  });

  it('a request is in flight until it is answered', async () => {
    const inFlight = () => value('registry_http_in_flight_requests{handler="blob_upload"}');
    let meanwhile: number | undefined;
    async function* body() {
      meanwhile = await inFlight();
      yield Buffer.from('ab');
    }
    const target = `/v2/a/blobs/uploads/?digest=${digestOf('ab')}`;
    expect((await door.send('POST', target, { token, body: body() })).status).toBe(201);
    expect([meanwhile, await inFlight()]).toEqual([1, 0]);
  });

  it('and until the last byte of its answer was sent', async () => {
    const inFlight = () => value('registry_http_in_flight_requests{handler="blob"}');
    const request = { method: 'GET', url: `/v2/a/blobs/${digestOf('ab')}`, httpVersion: '1.1' };
    const headers = { host: 'registry.test', authorization: `Bearer ${token}` };
    const message = Object.assign(Readable.from([]), request, { headers, socket: {} });
    const reply = await door.app(toHttpRequest(message as unknown as IncomingMessage));
    if (!isStream(reply.body)) throw new Error('a blob is expected to be streamed');
    expect(await inFlight()).toBe(1);
    await reply.body.next();
    expect(await inFlight()).toBe(1);
    await reply.body.close();
    await reply.body.close();
    expect(await inFlight()).toBe(0);
  });

  it('an unknown method, path or host makes no new series', async () => {
    const before = (await lines('registry_http_requests_total')).length;
    for (let run = 0; run < 20; run += 1) {
      await door.send('GET', `/nothing/${run}`, { headers: { host: `h${run}` } });
      await door.send(`M${run}`, '/v2/', { token });
    }
    expect((await lines('registry_http_requests_total')).length).toBe(before + 1);
    expect(await value('registry_http_requests_total{code="405",handler="base",method="unknown"}')).toBe(20);
  });

  it('registry_storage_action_seconds and berth_index_*: real actions', async () => {
    expect(
      await value('registry_storage_action_seconds_count{action="Flush",driver="filesystem"}'),
    ).toBeGreaterThan(0);
    expect(await value('berth_index_transaction_seconds_count{transaction="putManifest"}')).toBeGreaterThan(
      0,
    );
    expect(await value('berth_index_group_size_count')).toBeGreaterThan(0);
  });

  it('registry_storage_cache_*: the cache of manifests, under the names of 2.8 and 3', async () => {
    const all = async () =>
      Promise.all(
        [
          'cache_total{type="Request"}',
          'cache_total{type="Hit"}',
          'cache_requests_total',
          'cache_hits_total',
        ].map((name) => value(`registry_storage_${name}`)),
      );
    const before = await all();
    await door.send('GET', '/v2/a/manifests/v1', { token });
    await door.send('GET', '/v2/a/manifests/v1', { token });
    const after = await all();
    expect(after.map((count, index) => (count ?? 0) - (before[index] ?? 0))).toEqual([2, 1, 2, 1]);
  });

  it('berth_token_checks_total: by what came of them', async () => {
    const outcomes = ['accepted', 'missing', 'rejected', 'insufficient'];
    const all = () => Promise.all(outcomes.map((o) => value(`berth_token_checks_total{outcome="${o}"}`)));
    const before = await all();
    await door.send('GET', '/v2/', { token });
    await door.send('GET', '/v2/');
    await door.send('GET', '/v2/', { token: 'x.y.z' });
    await door.send('GET', '/v2/other/manifests/x', { token });
    expect((await all()).map((count, index) => (count ?? 0) - (before[index] ?? 0))).toEqual([1, 1, 1, 1]);
  });

  it('berth_build_info, berth_uploads_open and the process’ own', async () => {
    expect(await value(`berth_build_info{node="${process.versions.node}",version="1.2.3"}`)).toBe(1);
    expect(await value('berth_uploads_open')).toBe(0);
    const text = await metrics.expose();
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_seconds',
    ]) {
      expect(text).toContain(`\n# TYPE ${name} `);
    }
  });

  it('every series has its help and type, and values are escaped', async () => {
    const text = await metrics.expose();
    const typed = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
    for (const [, name = ''] of text.matchAll(/^([a-z_]+)(?:\{| )/gm)) {
      expect([name, typed.has(name) || typed.has(name.replace(/_(bucket|sum|count)$/, ''))]).toEqual([
        name,
        true,
      ]);
    }
  });
});

describe('metrics of notifications', () => {
  it('tell what was recorded for each endpoint and what waits there', async () => {
    const metrics = await openMetrics({ version: '1.2.3' });
    const config = `notifications:
  endpoints:
    - {name: one, url: "https://127.0.0.1:1/", timeout: 1s, threshold: 1, backoff: 1s}
    - {name: deaf, url: "https://127.0.0.1:1/", timeout: 1s, threshold: 1, backoff: 1s, ignore: {actions: [push]}}`;
    // Its jobs do not run, so nothing is sent.
    const door = await openFrontDoor({ config, metrics });
    await pushImage(door, 'a', 'v1');
    const text = await metrics.expose();
    expect(text).toContain('registry_notifications_events_total{type="Events",endpoint="one"} 3\n');
    expect(text).toContain('registry_notifications_pending_total{endpoint="one"} 3\n');
    expect(text).toContain('registry_notifications_pending_total{endpoint="deaf"} 0\n');
    expect(text).toContain('berth_notifications_parked{endpoint="one"} 0\n');
    await door.close();
  });
});
