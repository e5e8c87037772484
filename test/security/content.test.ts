import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILTIN, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import {
  descriptor,
  digestOf,
  OCI_CONFIG,
  OCI_IMAGE,
  OCI_INDEX,
  pushBlob,
  pushImage,
  putManifest,
} from '../support/oci-content.ts';
import { head, RawClient, serve } from '../support/raw-http.ts';

/* Advisories of other registries that concern content: one test a class, named after it. */

const WRITE = ['pull', 'push'];

describe('what is pushed', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor();
  });
  afterAll(() => door.close());

  it('CVE-2017-11468: a manifest without an end is cut off at its limit, not collected', async () => {
    const served = await serve();
    const client = await RawClient.open(served.port);
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
    await client.write(
      head('PUT /v2/a/b/manifests/v1', `Content-Type: ${OCI_IMAGE}`, 'Transfer-Encoding: chunked'),
    );
    let sent = 0;
    while (client.received.byteLength === 0 && sent < 2_000 && (await client.write(chunk))) sent += 1;
    const answer = await client.response();
    expect(answer.status).toBe(413);
    // 4 MiB are 64 of these chunks; the rest is what the system's buffers took.
    expect(sent).toBeLessThan(500);
    client.destroy();
    await served.close();
  });

  it.each([
    ['an index with layers', OCI_INDEX, { manifests: [], layers: [] }],
    ['an index with a config', OCI_INDEX, { manifests: [], config: descriptor('{}', OCI_CONFIG) }],
    [
      'an image with manifests',
      OCI_IMAGE,
      { config: descriptor('{}', OCI_CONFIG), layers: [], manifests: [] },
    ],
    [
      'an image with Manifests',
      OCI_IMAGE,
      { config: descriptor('{}', OCI_CONFIG), layers: [], Manifests: [] },
    ],
  ])('CVE-2021-41190, GHSA-qq97-vm5h-rrhg: %s is refused', async (_, mediaType, fields) => {
    await pushBlob(door, 'confused/type', '{}');
    const answer = await putManifest(door, 'confused/type', 'v1', { schemaVersion: 2, mediaType, ...fields });
    expect([answer.status, answer.codes]).toEqual([400, ['MANIFEST_INVALID']]);
  });

  it('CVE-2021-41190: another Content-Type than the mediaType is refused', async () => {
    const manifest = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };
    const answer = await putManifest(door, 'confused/type', 'v1', manifest, { type: OCI_IMAGE });
    expect([answer.status, answer.codes]).toEqual([400, ['MANIFEST_INVALID']]);
  });

  it('SSRF by manifest urls: what a manifest names is never fetched', async () => {
    let asked = 0;
    const bait = createServer((_request, response) => {
      asked += 1;
      response.end();
    });
    await new Promise<void>((resolve) => bait.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(bait.address() as AddressInfo).port}/layer`;
    await pushBlob(door, 'foreign/layer', '{}');
    const layer = descriptor('somewhere else', 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', {
      urls: [url],
    });
    const manifest = {
      schemaVersion: 2,
      mediaType: OCI_IMAGE,
      config: descriptor('{}', OCI_CONFIG),
      layers: [layer],
    };
    await putManifest(door, 'foreign/layer', 'v1', manifest);
    await door.send('GET', '/v2/foreign/layer/manifests/v1');
    expect((await door.send('GET', `/v2/foreign/layer/blobs/${layer.digest}`)).status).toBe(404);
    expect(asked).toBe(0);
    await new Promise((resolve) => bait.close(resolve));
  });

  it('prototype pollution: __proto__ in a manifest changes nothing but its bytes', async () => {
    await pushBlob(door, 'proto/type', '{}');
    const text = `{"schemaVersion":2,"mediaType":"${OCI_IMAGE}","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"annotations":{"__proto__":"x"},"config":${JSON.stringify(descriptor('{}', OCI_CONFIG))},"layers":[]}`;
    const answer = await putManifest(door, 'proto/type', 'v1', text);
    expect(answer.status).toBe(201);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect((await door.send('GET', '/v2/proto/type/manifests/v1')).text).toBe(text);
  });

  it('CVE-2025-32019: what a client wrote never comes back as a page', async () => {
    const script = '%3Cscript%3Ealert(1)%3C/script%3E';
    for (const target of [
      `/v2/${script}/tags/list`,
      `/v2/a/b/manifests/${script}`,
      `/${script}`,
      `/v2/a/b/blobs/${script}`,
    ]) {
      const answer = await door.send('GET', target);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    }
    const html = '<html><script>alert(1)</script></html>';
    const digest = await pushBlob(door, 'page/blob', html);
    const blob = await door.send('GET', `/v2/page/blob/blobs/${digest}`);
    expect(blob.headers['content-type']).toBe('application/octet-stream');
    expect(blob.headers['x-content-type-options']).toBe('nosniff');
  });
});

describe('whose content it is', () => {
  let door: FrontDoor;
  let ofOthers: string;
  let own: string;
  beforeAll(async () => {
    door = await openFrontDoor({ config: BUILTIN });
    ofOthers = await door.token([{ type: 'repository', name: 'secret/app', actions: WRITE }]);
    own = await door.token([{ type: 'repository', name: 'own/app', actions: [...WRITE, 'delete'] }]);
  });
  afterAll(() => door.close());

  it('CVE-2024-39897: the digest of a stranger’s blob opens nothing', async () => {
    const digest = await pushBlob(door, 'secret/app', 'a secret layer', { token: ofOthers });
    const reads = [
      await door.send('GET', `/v2/own/app/blobs/${digest}`, { token: own }),
      await door.send('HEAD', `/v2/own/app/blobs/${digest}`, { token: own }),
    ];
    expect(reads.map(({ status }) => status)).toEqual([404, 404]);
    const config = await pushBlob(door, 'own/app', '{}', { token: own });
    expect(config).toBe(digestOf('{}'));
    const manifest = {
      schemaVersion: 2,
      mediaType: OCI_IMAGE,
      config: descriptor('{}', OCI_CONFIG),
      layers: [descriptor('a secret layer', 'application/vnd.oci.image.layer.v1.tar')],
    };
    const put = await putManifest(door, 'own/app', 'v1', manifest, { token: own });
    expect([put.status, put.codes]).toEqual([400, ['MANIFEST_BLOB_UNKNOWN']]);
  });

  it('token scope of `from`: a mount without the right to pull there is 401, and mounts nothing', async () => {
    const digest = await pushBlob(door, 'secret/app', 'another secret', { token: ofOthers });
    const mount = `/v2/own/app/blobs/uploads/?mount=${digest}&from=secret/app`;
    expect((await door.send('POST', mount, { token: own })).status).toBe(401);
    const anonymous = await door.send('POST', `/v2/own/app/blobs/uploads/?mount=${digest}`, { token: own });
    expect(anonymous.status).toBe(202);
    expect((await door.send('GET', `/v2/own/app/blobs/${digest}`, { token: own })).status).toBe(404);
  });

  it('CVE-2026-35172: what was read before its removal is not served from a cache afterwards', async () => {
    const image = await pushImage(door, 'own/app', 'v1', { token: own });
    const paths = [`manifests/${image.digest}`, 'manifests/v1', `blobs/${image.layer}`];
    for (const path of paths)
      expect((await door.send('GET', `/v2/own/app/${path}`, { token: own })).status).toBe(200);
    await door.send('DELETE', `/v2/own/app/manifests/${image.digest}`, { token: own });
    await door.send('DELETE', `/v2/own/app/blobs/${image.layer}`, { token: own });
    for (const path of paths)
      expect((await door.send('GET', `/v2/own/app/${path}`, { token: own })).status).toBe(404);
  });

  it('side channel: a private repository that exists answers a stranger as one that does not', async () => {
    await pushImage(door, 'secret/app', 'v1', { token: ofOthers });
    for (const path of ['manifests/v1', 'tags/list', `blobs/${digestOf('a secret layer')}`]) {
      const [existing, missing] = await Promise.all(
        ['secret/app', 'absent/x'].map((name) => door.send('GET', `/v2/${name}/${path}`, { token: own })),
      );
      const shape = (answer: typeof existing): unknown => [
        answer?.status,
        answer?.text.replaceAll(/secret\/app|absent\/x/g, '<name>'),
        answer?.headers['www-authenticate']?.replaceAll(/secret\/app|absent\/x/g, '<name>'),
      ];
      expect(shape(existing)).toEqual(shape(missing));
    }
  });

  it('CVE-2026-41888: with deleting switched off, no route deletes, tags included', async () => {
    const closed = await openFrontDoor({ storage: '' });
    const image = await pushImage(closed, 'a/b', 'v1');
    for (const path of ['manifests/v1', `manifests/${image.digest}`, `blobs/${image.layer}`]) {
      const answer = await closed.send('DELETE', `/v2/a/b/${path}`);
      expect([path, answer.status, answer.codes]).toEqual([path, 405, ['UNSUPPORTED']]);
    }
    expect((await closed.send('GET', '/v2/a/b/manifests/v1')).status).toBe(200);
    await closed.close();
  });
});
