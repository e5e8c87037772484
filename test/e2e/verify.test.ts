import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Client } from './clients/client.ts';
import { docker } from './clients/docker.ts';
import { skopeo } from './clients/skopeo.ts';
import { BERTH } from './support/berth.ts';
import { answers, send } from './support/http.ts';
import { OCI_MANIFEST, planImage, sha256 } from './support/images.ts';
import { folder } from './support/root.ts';
import { must, run } from './support/run.ts';
import { freePort, type Server, startServer } from './support/server.ts';
import { steps } from './support/steps.ts';

const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

describe.each([
  ['docker', () => docker(inject('bed').dockerHost)],
  ['skopeo', skopeo],
])('a layer that is damaged on the disk, and %s', (name, newClient) => {
  const place = folder(`verify-${name}`);
  const config = join(place, 'config.yml');
  let server: Server;
  let host: string;
  let client: Client;
  let layer: string;
  steps(() => server?.output() ?? '');

  beforeAll(async () => {
    const port = await freePort();
    host = `localhost:${port}`;
    const lines = [
      'version: 0.1',
      `storage: {filesystem: {rootdirectory: ${join(place, 'data')}}}`,
      `http: {addr: "127.0.0.1:${port}"}`,
    ];
    writeFileSync(config, lines.join('\n'));
    server = await startServer({
      name: `berth for ${name}`,
      command: BERTH,
      args: ['serve', config],
      ready: () => answers(`http://127.0.0.1:${port}/v2/`),
    });
    client = newClient();
    const plan = planImage(2);
    for (const repository of ['app/one', 'app/two']) {
      await client.build(`${host}/${repository}:1`, plan);
      const { outcome } = await client.push(`${host}/${repository}:1`);
      expect(outcome.code, outcome.all).toBe(0);
    }
    const manifest = await send(`http://${host}/v2/app/two/manifests/1`, {
      headers: { accept: `${OCI_MANIFEST}, ${DOCKER_MANIFEST}` },
    });
    const { layers } = JSON.parse(manifest.text) as { layers: { digest: string }[] };
    layer = layers[0]?.digest ?? '';
  });
  afterAll(async () => {
    await client?.empty();
    await server?.stop();
  });

  const statuses = async (): Promise<number[]> => {
    const found: number[] = [];
    for (const repository of ['app/one', 'app/two']) {
      for (const method of ['HEAD', 'GET']) {
        found.push((await send(`http://${host}/v2/${repository}/blobs/${layer}`, { method })).status);
      }
    }
    return found;
  };

  test('is found and set aside; every repository says that it is not there', async () => {
    expect(await statuses()).toEqual([200, 200, 200, 200]);
    const file = readdirSync(join(place, 'data/content'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .find((path) => sha256(readFileSync(path)) === layer);
    if (file === undefined) throw new Error(`no file holds ${layer}`);
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 255;
    writeFileSync(file, bytes);
    const verified = await run(BERTH, ['verify', '--quarantine', config]);
    expect(verified.code, verified.all).toBe(1);
    expect(verified.stdout).toContain(`blob ${layer}`);
    expect(await statuses()).toEqual([404, 404, 404, 404]);
  });

  test('one push into one repository heals it in both', async () => {
    const { outcome } = await client.push(`${host}/app/one:1`);
    expect(outcome.code, outcome.all).toBe(0);
    expect(await statuses()).toEqual([200, 200, 200, 200]);
    await must(BERTH, ['verify', config]);
    await client.empty();
    const pulled = await client.pull(`${host}/app/two:1`);
    expect(pulled.outcome.code, pulled.outcome.all).toBe(0);
  });
});
