import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Client } from './clients/client.ts';
import { docker } from './clients/docker.ts';
import { skopeo } from './clients/skopeo.ts';
import { BERTH } from './support/berth.ts';
import { answers, send } from './support/http.ts';
import {
  type BuiltImage,
  builtImage,
  type Descriptor,
  OCI_MANIFEST,
  planImage,
  sha256,
} from './support/images.ts';
import { folder } from './support/root.ts';
import { must } from './support/run.ts';
import { freePort, type Server, startServer } from './support/server.ts';
import { steps } from './support/steps.ts';

/*
 * The same content, pushed by real clients, in Berth and in the real registry; then `garbage-collect -m` of each,
 * Berth's while it serves. What the two remove is compared item by item.
 */

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const ACCEPT = { accept: `${OCI_MANIFEST}, ${OCI_INDEX}` };
const REPOSITORY = 'team/app';

interface Side {
  readonly name: string;
  readonly command: string;
  readonly flags: readonly string[];
  readonly server: Server;
  readonly host: string;
  readonly config: string;
}

async function startSide(name: string, command: string, flags: readonly string[]): Promise<Side> {
  const place = folder(name);
  const port = await freePort();
  const config = join(place, 'config.yml');
  const lines = [
    'version: 0.1',
    'storage:',
    `  filesystem: {rootdirectory: ${join(place, 'data')}}`,
    '  delete: {enabled: true}',
    `http: {addr: "127.0.0.1:${port}"}`,
  ];
  writeFileSync(config, lines.join('\n'));
  const server = await startServer({
    name,
    command,
    args: ['serve', config],
    ready: () => answers(`http://127.0.0.1:${port}/v2/`),
  });
  return { name, command, flags, server, host: `localhost:${port}`, config };
}

const descriptorOf = (image: BuiltImage): Descriptor => ({
  mediaType: image.mediaType,
  digest: image.digest,
  size: image.manifest.length,
});

/** A manifest made here, with its digest. */
function written(document: Readonly<Record<string, unknown>>): BuiltImage {
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, ...document }));
  return { blobs: [], manifest, mediaType: String(document['mediaType']), digest: sha256(manifest) };
}

describe('garbage-collect -m beside registry 2.8.2', () => {
  let berth: Side;
  let real: Side;
  let bySkopeo: Client;
  let byDocker: Client;
  steps(() => `${berth?.server.output()}\n--- registry\n${real?.server.output()}`);

  const images = {
    overwritten: builtImage(planImage(1)),
    current: builtImage(planImage(2)),
    amd64: builtImage(planImage(1)),
    arm64: builtImage(planImage(1)),
    deleted: builtImage(planImage(1)),
  };
  const stray = Buffer.from('a layer whose manifest never came');
  const index = written({
    mediaType: OCI_INDEX,
    manifests: [descriptorOf(images.amd64), descriptorOf(images.arm64)],
  });
  const [config] = images.amd64.blobs.slice(-1);
  const signatureOf = (subject: BuiltImage): BuiltImage =>
    written({
      mediaType: OCI_MANIFEST,
      artifactType: 'application/vnd.example.signature',
      config: config?.descriptor,
      layers: [],
      subject: descriptorOf(subject),
    });
  const signature = signatureOf(index);
  const orphan = signatureOf(images.overwritten);

  const path = (side: Side, rest: string): string => `http://${side.host}/v2/${REPOSITORY}/${rest}`;
  const ask = (side: Side, method: string, rest: string) =>
    send(path(side, rest), { method, headers: ACCEPT });

  const put = async (side: Side, reference: string, { manifest, mediaType }: BuiltImage): Promise<void> => {
    const headers = { 'content-type': mediaType };
    const answer = await send(path(side, `manifests/${reference}`), {
      method: 'PUT',
      body: manifest,
      headers,
    });
    expect(answer.status, `${side.name} ${reference} ${answer.text}`).toBe(201);
  };

  const pushBytes = async (side: Side, content: Buffer): Promise<void> => {
    const opened = await ask(side, 'POST', 'blobs/uploads/');
    const location = new URL(opened.headers['location'] ?? '', `http://${side.host}`);
    location.searchParams.set('digest', sha256(content));
    const headers = { 'content-type': 'application/octet-stream' };
    expect((await send(location.href, { method: 'PUT', body: content, headers })).status).toBe(201);
  };

  const pushTo = async (client: Client, side: Side, repository: string, tag: string): Promise<string> => {
    const { outcome, digest } = await client.push(`${side.host}/${repository}:${tag}`);
    expect(outcome.code, outcome.all).toBe(0);
    return digest ?? '';
  };

  /** Sends an image whole, the way clients do, under a tag or its digest. */
  const sendWhole = async (side: Side, image: BuiltImage, reference: string): Promise<void> => {
    for (const { content } of image.blobs) await pushBytes(side, content);
    await put(side, reference, image);
  };

  const fill = async (side: Side): Promise<void> => {
    await sendWhole(side, images.overwritten, 'moving');
    await sendWhole(side, images.current, 'moving');
    for (const child of [images.amd64, images.arm64]) await sendWhole(side, child, child.digest);
    await put(side, 'multi', index);
    await put(side, signature.digest, signature);
    await put(side, orphan.digest, orphan);
    await sendWhole(side, images.deleted, 'deleted');
    const removed = await ask(side, 'DELETE', `manifests/${images.deleted.digest}`);
    expect(removed.status).toBe(202);
    await pushBytes(side, stray);
  };

  beforeAll(async () => {
    berth = await startSide('berth', BERTH, ['--grace', '0', '--keep-deleted', '0']);
    real = await startSide('docker-registry', '/usr/bin/docker-registry', []);
    bySkopeo = skopeo();
    byDocker = docker(inject('bed').dockerHost);
  });
  afterAll(async () => {
    await byDocker?.empty();
    await berth?.server.stop();
    await real?.server.stop();
  });

  const dockerImages: Record<string, string> = {};
  const collect = (side: Side, ...args: readonly string[]) =>
    must(side.command, ['garbage-collect', ...args, ...side.flags, side.config]);

  test('both get the same, from docker and skopeo and by hand', async () => {
    for (const side of [berth, real]) {
      await fill(side);
      const ref = `${side.host}/by/docker:1`;
      await byDocker.build(ref, planImage(2));
      dockerImages[`${side.name} before`] = await pushTo(byDocker, side, 'by/docker', '1');
      await byDocker.build(ref, planImage(2));
      dockerImages[`${side.name} after`] = await pushTo(byDocker, side, 'by/docker', '1');
      await bySkopeo.build(`${side.host}/by/skopeo:1`, planImage(1));
      dockerImages[`${side.name} skopeo`] = await pushTo(bySkopeo, side, 'by/skopeo', '1');
    }
  });

  const what: Readonly<Record<string, string>> = {
    'overwritten manifest': `manifests/${images.overwritten.digest}`,
    'overwritten layer': `blobs/${images.overwritten.blobs[0]?.descriptor.digest}`,
    'tagged manifest': `manifests/${images.current.digest}`,
    'tagged layer': `blobs/${images.current.blobs[0]?.descriptor.digest}`,
    'tagged index': `manifests/${index.digest}`,
    "index's child": `manifests/${images.arm64.digest}`,
    "layer of the index's child": `blobs/${images.arm64.blobs[0]?.descriptor.digest}`,
    'signature of a tagged index': `manifests/${signature.digest}`,
    'signature of what goes': `manifests/${orphan.digest}`,
    'layer of a deleted manifest': `blobs/${images.deleted.blobs[0]?.descriptor.digest}`,
    'layer without a manifest': `blobs/${sha256(stray)}`,
  };

  const statuses = async (side: Side): Promise<Record<string, number>> => {
    const found: Record<string, number> = {};
    for (const [name, rest] of Object.entries(what)) found[name] = (await ask(side, 'GET', rest)).status;
    return found;
  };

  test('a dry run changes nothing', async () => {
    for (const side of [berth, real]) {
      const before = await statuses(side);
      expect(new Set(Object.values(before))).toEqual(new Set([200]));
      const { stdout } = await collect(side, '-d', '-m');
      expect(stdout).toContain(images.overwritten.digest);
      expect(await statuses(side)).toEqual(before);
    }
  });

  test('each removes what it should; only Berth keeps the children of an index, and signatures', async () => {
    const output = await Promise.all([collect(berth, '-m'), collect(real, '-m')]);
    expect(output[0].stdout).toMatch(
      /\d+ blobs marked, \d+ blobs and \d+ manifests eligible for deletion\n\d+ deleted manifests can no longer be brought back\nFreed /,
    );
    // The real registry knows nothing of it while it runs.
    await real.server.stop();
    const port = Number(real.host.split(':')[1]);
    real = {
      ...real,
      server: await startServer({
        name: real.name,
        command: real.command,
        args: ['serve', real.config],
        ready: () => answers(`http://127.0.0.1:${port}/v2/`),
      }),
    };
    const kept = {
      'overwritten manifest': 404,
      'overwritten layer': 404,
      'tagged manifest': 200,
      'tagged layer': 200,
      'tagged index': 200,
      "index's child": 200,
      "layer of the index's child": 200,
      'signature of a tagged index': 200,
      'signature of what goes': 404,
      'layer of a deleted manifest': 404,
      'layer without a manifest': 404,
    };
    expect(await statuses(berth)).toEqual(kept);
    expect(await statuses(real)).toEqual({
      ...kept,
      "index's child": 404,
      "layer of the index's child": 404,
      'signature of a tagged index': 404,
    });
  });

  test('what stayed pulls whole', async () => {
    const place = folder('pulled');
    const from = `docker://${berth.host}/${REPOSITORY}:multi`;
    await must('skopeo', [
      'copy',
      '--all',
      '--src-tls-verify=false',
      from,
      `oci:${join(place, 'multi')}:multi`,
    ]);
    await must('skopeo', [
      'copy',
      '--src-tls-verify=false',
      `docker://${berth.host}/by/skopeo:1`,
      `dir:${join(place, 'one')}`,
    ]);
    await byDocker.empty();
    const { outcome, digest } = await byDocker.pull(`${berth.host}/by/docker:1`);
    expect(outcome.code, outcome.all).toBe(0);
    expect(digest).toBe(dockerImages['berth after']);
    const referrers = await ask(berth, 'GET', `referrers/${index.digest}`);
    expect(referrers.text).toContain(signature.digest);
  });

  test('what was removed can be pushed again at once, and pulled', async () => {
    await sendWhole(berth, images.deleted, 'deleted');
    const place = folder('again');
    await must('skopeo', [
      'copy',
      '--src-tls-verify=false',
      `docker://${berth.host}/${REPOSITORY}:deleted`,
      `dir:${place}`,
    ]);
    const ref = `${berth.host}/by/docker:1`;
    const gone = await send(`http://${berth.host}/v2/by/docker/manifests/${dockerImages['berth before']}`, {
      headers: { accept: 'application/vnd.docker.distribution.manifest.v2+json' },
    });
    expect(gone.status).toBe(404);
    const again = await byDocker.push(ref);
    expect(again.outcome.code, again.outcome.all).toBe(0);
  });
});
