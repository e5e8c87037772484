import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Workplace } from '../support/berth-process.ts';

/* `http.debug` of config.yml, and the log as it comes out of a process. */

const places: Workplace[] = [];
afterEach(async () => {
  for (const place of places.splice(0)) await place.clear();
});

function workplace(): Workplace {
  const place = new Workplace();
  places.push(place);
  return place;
}

const DEBUG = { BERTH_ADMIN_PASSWORD: 'a password', REGISTRY_HTTP_DEBUG_ADDR: '127.0.0.1:0' };

async function withDebug(env: Record<string, string> = {}) {
  const started = await workplace().serve({ ...DEBUG, ...env });
  return { ...started, debug: await started.process.says(/The debug server is at (\S+)/) };
}

describe('the debug server', () => {
  it('serves metrics, health and variables at its own address only', async () => {
    const { url, debug } = await withDebug({ REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED: 'true' });
    await fetch(`${url}/v2/`);
    const metrics = await fetch(`${debug}/metrics`);
    expect(metrics.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await metrics.text()).toContain(
      'registry_http_requests_total{code="401",handler="base",method="get"} 1',
    );
    const health = await fetch(`${debug}/debug/health`);
    expect([health.status, await health.text()]).toEqual([200, '{}']);
    const vars = (await (await fetch(`${debug}/debug/vars`)).json()) as Record<string, unknown>;
    expect(Object.keys(vars)).toEqual(['cmdline', 'memstats', 'node']);
    expect(JSON.stringify(vars)).not.toContain('a password');
    for (const path of ['/healthz', '/readyz']) expect((await fetch(debug + path)).status).toBe(200);
    for (const path of ['/metrics', '/debug/health', '/debug/vars']) {
      expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
    }
    expect((await fetch(`${debug}/v2/`)).status).toBe(404);
  });

  it('serves metrics at http.debug.prometheus.path', async () => {
    const { debug } = await withDebug({
      REGISTRY_HTTP_DEBUG_PROMETHEUS_ENABLED: 'true',
      REGISTRY_HTTP_DEBUG_PROMETHEUS_PATH: '/numbers',
    });
    expect((await fetch(`${debug}/numbers`)).status).toBe(200);
    expect((await fetch(`${debug}/metrics`)).status).toBe(404);
  });

  it('serves none unless http.debug.prometheus.enabled', async () => {
    const { debug } = await withDebug();
    expect((await fetch(`${debug}/metrics`)).status).toBe(404);
  });

  it('an address that is taken ends the start with what to do', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const ended = await workplace().run(['serve'], {
      env: { ...DEBUG, REGISTRY_HTTP_ADDR: '127.0.0.1:0', REGISTRY_HTTP_DEBUG_ADDR: `127.0.0.1:${port}` },
    });
    taken.close();
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      /^berth: cannot listen on 127\.0\.0\.1:\d+: another program listens there already; stop it; or choose another address with REGISTRY_HTTP_DEBUG_ADDR \(empty: no debug server\)$/m,
    );
  });
});

describe('the log', () => {
  const configured = (log: string) => {
    const place = workplace();
    const file = join(place.folder, 'config.yml');
    const storage = 'storage: {filesystem: {rootdirectory: ./data}}';
    writeFileSync(file, `version: 0.1\nlog: ${log}\n${storage}\nhttp: {addr: 127.0.0.1:0}\nauth: none\n`);
    return place.serve({}, [file]);
  };

  it('text: logfmt beside an access log in the combined format, as registry:2', async () => {
    const { url, process } = await configured('{fields: {service: registry}}');
    const id = (await fetch(`${url}/v2/`)).headers.get('x-request-id');
    const { stdout, stderr } = await process.stop();
    expect(stdout).toMatch(
      new RegExp(`^127\\.0\\.0\\.1 ${id} - \\[.* \\+0000\\] "GET /v2/ HTTP/1\\.1" 200 2 "" ".*"$`, 'm'),
    );
    expect(stderr).toMatch(
      /^time="\d{4}-\d\d-\d\dT[\d:.]+Z" level=warning msg="no authentication is configured: .*" service=registry$/m,
    );
  });

  it.each([
    ['json', { time: expect.any(String), msg: 'response completed' }],
    ['logstash', { '@timestamp': expect.any(String), '@version': '1', message: 'response completed' }],
  ])('%s: requests are lines of the log, all of one form', async (formatter, names) => {
    const { url, process } = await configured(`{formatter: ${formatter}, fields: {service: registry}}`);
    const id = (await fetch(`${url}/v2/`)).headers.get('x-request-id');
    const { stdout, stderr } = await process.stop();
    expect(stdout).not.toContain('GET');
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const line of lines)
      expect(Object.keys(line)).toEqual(expect.arrayContaining([...Object.keys(names), 'level']));
    expect(lines.find((line) => line['http.request.id'] === id)).toMatchObject({
      ...names,
      level: 'info',
      service: 'registry',
      'http.request.uri': '/v2/',
      'http.response.status': 200,
    });
  });

  it('level: warn leaves out the requests in JSON, as the original does', async () => {
    const { url, process } = await configured('{formatter: json, level: warn}');
    await fetch(`${url}/v2/`);
    expect((await process.stop()).stderr).not.toContain('response completed');
  });

  it('accesslog.disabled leaves them out', async () => {
    const { url, process } = await configured('{accesslog: {disabled: true}}');
    await fetch(`${url}/v2/`);
    expect((await process.stop()).stdout).not.toContain('GET /v2/');
  });
});
