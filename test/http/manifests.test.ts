import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import {
  type Algorithm,
  bytes,
  type Descriptor,
  DOCKER_IMAGE,
  DOCKER_LIST,
  descriptor,
  digestOf,
  EMPTY_JSON,
  OCI_ARTIFACT,
  OCI_CONFIG,
  OCI_IMAGE,
  OCI_INDEX,
  OCI_LAYER,
  pushBlob,
  pushImage,
  putManifest,
} from '../support/oci-content.ts';

/* Manifests: end-3, end-7a, end-9 and end-12 of the specification, and the data sets of the conformance suite. */

const LIMIT = 4 * 1024 * 1024;
const SBOM = 'application/vnd.example.sbom.v1';

interface Referrers {
  readonly schemaVersion: number;
  readonly mediaType: string;
  readonly manifests: readonly (Descriptor & {
    artifactType?: string;
    annotations?: Record<string, string>;
  })[];
}

function expectError(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.codes?.[0]], answer.text).toEqual([status, code]);
}

describe('manifests', () => {
  let door: FrontDoor;
  const CONFIG = '{"architecture":"amd64","os":"linux"}';
  const LAYER = bytes(1_000, 5);
  beforeAll(async () => {
    door = await openFrontDoor();
  });
  afterAll(() => door.close());

  /** A repository of its own, with config, layer and the empty object in it. */
  let count = 0;
  async function repository(algorithm: Algorithm = 'sha256'): Promise<string> {
    count += 1;
    const name = `data/set-${count}`;
    for (const content of [CONFIG, LAYER, '{}']) await pushBlob(door, name, content, { algorithm });
    return name;
  }
  const image = (more: Readonly<Record<string, unknown>> = {}, algorithm: Algorithm = 'sha256'): object => ({
    schemaVersion: 2,
    mediaType: OCI_IMAGE,
    config: descriptor(CONFIG, OCI_CONFIG, {}, algorithm),
    layers: [descriptor(LAYER, OCI_LAYER, {}, algorithm)],
    ...more,
  });
  const index = (manifests: readonly unknown[], more: Readonly<Record<string, unknown>> = {}): object => ({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests,
    ...more,
  });
  const referrers = async (name: string, digest: string, query = ''): Promise<Referrers> => {
    const answer = await door.send('GET', `/v2/${name}/referrers/${digest}${query}`);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, OCI_INDEX]);
    return answer.json<Referrers>();
  };

  /** Pushes, then does what the conformance suite does with each data set. @returns its digest */
  async function roundTrip(
    name: string,
    tag: string,
    manifest: object | string,
    { algorithm = 'sha256', type }: { algorithm?: Algorithm; type?: string } = {},
  ): Promise<string> {
    const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest, null, 3);
    const { mediaType = type, subject } = JSON.parse(text) as { mediaType?: string; subject?: Descriptor };
    const digest = digestOf(text, algorithm);
    for (const reference of algorithm === 'sha256' ? [tag, digest] : [digest]) {
      const put = await putManifest(door, name, reference, text, type === undefined ? {} : { type });
      expect([put.status, put.text]).toEqual([201, '']);
      expect(put.headers['location']).toBe(`/v2/${name}/manifests/${digest}`);
      expect(put.headers['docker-content-digest']).toBe(digest);
      expect(put.headers['oci-subject']).toBe(subject?.digest);
    }
    for (const reference of algorithm === 'sha256' ? [tag, digest] : [digest]) {
      const target = `/v2/${name}/manifests/${reference}`;
      const get = await door.send('GET', target);
      expect([get.status, get.text === text]).toEqual([200, true]);
      const head = await door.send('HEAD', target);
      expect([head.status, head.body.byteLength]).toEqual([200, 0]);
      for (const { headers } of [get, head]) {
        expect(headers).toMatchObject({
          'content-type': mediaType,
          'docker-content-digest': digest,
          etag: `"${digest}"`,
          'content-length': String(Buffer.byteLength(text)),
        });
      }
    }
    if (algorithm === 'sha256') {
      const tags = await door.send('GET', `/v2/${name}/tags/list`);
      expect(tags.json<{ tags: string[] }>().tags).toContain(tag);
    }
    return digest;
  }

  it.each(['latest', digestOf('nothing'), digestOf('nothing', 'sha512')])(
    'end-3: the missing manifest %s is 404 MANIFEST_UNKNOWN',
    async (reference) => {
      expectError(await door.send('GET', `/v2/a/b/manifests/${reference}`), 404, 'MANIFEST_UNKNOWN');
      expect((await door.send('HEAD', `/v2/a/b/manifests/${reference}`)).status).toBe(404);
    },
  );

  it('end-3: what the client accepts plays no part: the stored bytes come', async () => {
    const name = await repository();
    await putManifest(door, name, 'v1', image());
    const answer = await door.send('GET', `/v2/${name}/manifests/v1`, { headers: { accept: DOCKER_LIST } });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, OCI_IMAGE]);
  });

  describe('data sets', () => {
    it('image', async () => void (await roundTrip(await repository(), 'image', image())));
    it('image of Docker', async () => {
      const manifest = image({ mediaType: DOCKER_IMAGE });
      await roundTrip(await repository(), 'docker', manifest);
    });
    it('image without mediaType, its type from the request', async () => {
      const { mediaType: _, ...rest } = image() as { mediaType: string };
      await roundTrip(await repository(), 'plain', rest, { type: OCI_IMAGE });
    });
    it('image uncompressed', async () => {
      const layers = [descriptor(LAYER, 'application/vnd.oci.image.layer.v1.tar')];
      await roundTrip(await repository(), 'tar', image({ layers }));
    });
    it('large manifest of 3.9 MB', async () => {
      const annotations = Object.fromEntries(
        Array.from({ length: 390 }, (_, n): [string, string] => [`annotation.${n}`, 'x'.repeat(10_000)]),
      );
      await roundTrip(await repository(), 'large', JSON.stringify(image({ annotations })));
    });
    it('index, nested index and empty index', async () => {
      const name = await repository();
      const text = JSON.stringify(image());
      await putManifest(door, name, digestOf(text), text);
      const inner = index([
        descriptor(text, OCI_IMAGE, { platform: { architecture: 'amd64', os: 'linux' } }),
      ]);
      await roundTrip(name, 'index', inner);
      await roundTrip(name, 'nested', index([descriptor(JSON.stringify(inner, null, 3), OCI_INDEX)]));
      await roundTrip(name, 'empty', index([]));
      await roundTrip(name, 'list', index([descriptor(text, OCI_IMAGE)], { mediaType: DOCKER_LIST }));
    });
    it('artifact, artifact without layers, and the artifact manifest', async () => {
      const name = await repository();
      const config = descriptor('{}', EMPTY_JSON, { data: 'e30=' });
      await roundTrip(name, 'artifact', image({ artifactType: SBOM, config }));
      await roundTrip(name, 'bare', image({ artifactType: SBOM, config, layers: [config] }));
      await roundTrip(name, 'old', {
        mediaType: OCI_ARTIFACT,
        artifactType: SBOM,
        blobs: [descriptor(LAYER, OCI_LAYER)],
      });
    });
    it('artifact index', async () => {
      const name = await repository();
      const text = JSON.stringify(image({ artifactType: SBOM }));
      await putManifest(door, name, digestOf(text), text);
      await roundTrip(
        name,
        'artifacts',
        index([descriptor(text, OCI_IMAGE, { artifactType: SBOM })], { artifactType: 'a/b' }),
      );
    });
    it('no layers', async () => void (await roundTrip(await repository(), 'none', image({ layers: [] }))));
    it('data field', async () => {
      const config = descriptor(CONFIG, OCI_CONFIG, { data: Buffer.from(CONFIG).toString('base64') });
      await roundTrip(await repository(), 'data', image({ config }));
    });
    it('non-distributable layers are never pushed, and accepted', async () => {
      const layers = [
        descriptor('never pushed', 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', {
          urls: ['http://169.254.169.254/latest/meta-data'],
        }),
        descriptor('nor this', 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'),
      ];
      await roundTrip(await repository(), 'foreign', image({ layers }));
    });
    it('custom fields', async () => {
      const custom = {
        'org.example': { deep: [1, 2, { __proto__: null, x: '✓' }] },
        toString: 'text',
        constructor: 1,
      };
      const text = JSON.stringify(image(custom)).replace('"toString"', '"__proto__":{"x":1},"toString"');
      await roundTrip(await repository(), 'custom', text);
      expect(({} as { x?: unknown }).x).toBeUndefined();
    });
    it('image by sha512', async () => {
      const name = await repository('sha512');
      await roundTrip(name, 'sha512', image({}, 'sha512'), { algorithm: 'sha512' });
    });
    it('missing subject', async () => {
      const name = await repository();
      const subject = descriptor('not here', OCI_IMAGE);
      const digest = await roundTrip(name, 'orphan', image({ subject }));
      const list = await referrers(name, subject.digest);
      expect(list.manifests.map((entry) => entry.digest)).toEqual([digest]);
    });
  });

  describe('end-12: referrers', () => {
    it('of a digest that nothing refers to: an empty index', async () => {
      expect(await referrers('never/pushed', digestOf('x'))).toEqual({
        schemaVersion: 2,
        mediaType: OCI_INDEX,
        manifests: [],
      });
    });

    it('lists image, index and artifact with a subject, filters, and forgets what is deleted', async () => {
      const name = await repository();
      const subject = (await pushImage(door, name, 'base')).descriptor;
      const put = async (manifest: object): Promise<string> => {
        const text = JSON.stringify(manifest);
        const answer = await putManifest(door, name, digestOf(text), text);
        expect([answer.status, answer.headers['oci-subject']]).toEqual([201, subject.digest]);
        return digestOf(text);
      };
      const annotations = { 'org.example.name': 'sbom' };
      const sbom = await put(image({ subject, artifactType: SBOM, annotations }));
      const byConfig = await put(
        image({ subject, config: descriptor(CONFIG, 'application/vnd.example.config') }),
      );
      const ofIndex = await put(index([], { subject, artifactType: SBOM }));
      const bareIndex = await put(index([], { subject }));
      const old = await put({ mediaType: OCI_ARTIFACT, artifactType: 'a/old', subject });

      const all = await referrers(name, subject.digest);
      expect(all.manifests.map(({ digest }) => digest).toSorted()).toEqual(
        [sbom, byConfig, ofIndex, bareIndex, old].toSorted(),
      );
      const byDigest = Object.fromEntries(all.manifests.map((entry) => [entry.digest, entry]));
      expect(byDigest[sbom]).toEqual({
        mediaType: OCI_IMAGE,
        digest: sbom,
        size: Buffer.byteLength(JSON.stringify(image({ subject, artifactType: SBOM, annotations }))),
        artifactType: SBOM,
        annotations,
      });
      expect(byDigest[byConfig]?.artifactType).toBe('application/vnd.example.config');
      expect(byDigest[bareIndex]).not.toHaveProperty('artifactType');

      const filtered = await door.send(
        'GET',
        `/v2/${name}/referrers/${subject.digest}?artifactType=${encodeURIComponent(SBOM)}`,
      );
      expect(filtered.headers['oci-filters-applied']).toBe('artifactType');
      expect(
        filtered
          .json<Referrers>()
          .manifests.map(({ digest }) => digest)
          .toSorted(),
      ).toEqual([sbom, ofIndex].toSorted());
      const none = await door.send('GET', `/v2/${name}/referrers/${subject.digest}?artifactType=no/such`);
      expect([none.status, none.json<Referrers>().manifests]).toEqual([200, []]);
      expect((await door.send('GET', `/v2/${name}/referrers/${subject.digest}`)).headers).not.toHaveProperty(
        'oci-filters-applied',
      );

      await door.send('DELETE', `/v2/${name}/manifests/${sbom}`);
      expect((await referrers(name, subject.digest)).manifests.map(({ digest }) => digest)).not.toContain(
        sbom,
      );
      expect((await referrers('another/repository', subject.digest)).manifests).toEqual([]);
    });

    it('of a malformed digest: 400', async () => {
      expectError(await door.send('GET', '/v2/a/b/referrers/sha256:bad'), 400, 'DIGEST_INVALID');
      expectError(await door.send('GET', '/v2/a/b/referrers/latest'), 400, 'DIGEST_INVALID');
    });
  });

  describe('end-7a: what is refused', () => {
    it('a malformed digest is 400, for PUT and GET', async () => {
      const name = await repository();
      expectError(await putManifest(door, name, 'sha256:baddigeststring', image()), 400, 'DIGEST_INVALID');
      expectError(
        await door.send('GET', `/v2/${name}/manifests/sha256:baddigeststring`),
        400,
        'DIGEST_INVALID',
      );
    });

    it('another body than the digest says is 400, and nothing is stored', async () => {
      const name = await repository();
      const answer = await putManifest(door, name, digestOf('another body'), image());
      expectError(answer, 400, 'DIGEST_INVALID');
      expect(
        (await door.send('GET', `/v2/${name}/manifests/${digestOf(JSON.stringify(image()))}`)).status,
      ).toBe(404);
    });

    it.each([
      ['announced', (body: Buffer) => body],
      ['in chunks', (body: Buffer) => [body.subarray(0, LIMIT - 5), body.subarray(LIMIT - 5)]],
      ['announced alone, and not sent', () => undefined],
    ])('4 MiB + 1 byte, %s, is 413 SIZE_INVALID (CVE-2017-11468)', async (_, form) => {
      const body = form(Buffer.alloc(LIMIT + 1, 0x20));
      const answer = await door.send('PUT', '/v2/a/b/manifests/big', {
        ...(body === undefined ? {} : { body }),
        headers: {
          'content-type': OCI_IMAGE,
          ...(body === undefined && { 'content-length': String(LIMIT + 1) }),
        },
      });
      expectError(answer, 413, 'SIZE_INVALID');
    });

    it('4 MiB exactly is not too large', async () => {
      const name = await repository();
      const text = JSON.stringify(image());
      const padded = text + ' '.repeat(LIMIT - text.length);
      expect((await putManifest(door, name, 'full', padded)).status).toBe(201);
      expect((await door.send('GET', `/v2/${name}/manifests/full`)).body.byteLength).toBe(LIMIT);
    });

    it.each([
      '',
      '{',
      'null',
      '[]',
      '"text"',
      '1',
      '\u0000',
      '{"schemaVersion":2}',
      '[{"schemaVersion":2}]',
      `${'['.repeat(100_000)}`,
    ])('the body %.20j is 400 MANIFEST_INVALID', async (body) => {
      const answer = await door.send('PUT', '/v2/a/b/manifests/bad', {
        body,
        headers: { 'content-type': OCI_IMAGE },
      });
      expectError(answer, 400, 'MANIFEST_INVALID');
    });

    it('bytes that are no UTF-8 are 400 MANIFEST_INVALID', async () => {
      const body = Buffer.from(JSON.stringify(image({ annotations: { x: 'ÿ' } })), 'latin1');
      const answer = await door.send('PUT', '/v2/a/b/manifests/bad', {
        body,
        headers: { 'content-type': OCI_IMAGE },
      });
      expectError(answer, 400, 'MANIFEST_INVALID');
    });

    it.each<[string, Readonly<Record<string, unknown>>]>([
      ['manifests together with layers (CVE-2021-41190)', { manifests: [] }],
      ['another schemaVersion', { schemaVersion: 1 }],
      ['no schemaVersion', { schemaVersion: undefined }],
      ['another mediaType than the Content-Type', { mediaType: OCI_INDEX }],
      ['a mediaType that is none of a manifest', { mediaType: 'text/html' }],
      ['no config', { config: undefined }],
      ['a config that is a list', { config: [] }],
      ['a layer without digest', { layers: [{ mediaType: OCI_LAYER, size: 1 }] }],
      [
        'a layer whose size is negative',
        { layers: [{ mediaType: OCI_LAYER, digest: digestOf('x'), size: -1 }] },
      ],
      [
        'a layer whose size is a text',
        { layers: [{ mediaType: OCI_LAYER, digest: digestOf('x'), size: '1' }] },
      ],
      ['layers that are an object', { layers: {} }],
      ['a subject that is a text', { subject: digestOf('x') }],
      [
        'a digest that leads elsewhere',
        { layers: [{ mediaType: OCI_LAYER, digest: 'sha256:../../../etc/passwd', size: 1 }] },
      ],
      ['annotations that are no texts', { annotations: { x: 1 } }],
    ])('%s is 400 MANIFEST_INVALID', async (_, more) => {
      const name = await repository();
      const answer = await putManifest(door, name, 'bad', image(more), { type: OCI_IMAGE });
      expectError(answer, 400, 'MANIFEST_INVALID');
      expect((await door.send('GET', `/v2/${name}/manifests/bad`)).status).toBe(404);
    });

    it.each(['config', 'layers', 'fsLayers'])(
      'an index with %s is 400 MANIFEST_INVALID (CVE-2021-41190)',
      async (key) => {
        const answer = await putManifest(door, 'a/b', 'bad', index([], { [key]: [] }));
        expectError(answer, 400, 'MANIFEST_INVALID');
      },
    );

    it('schema 1 is 400 with a hint', async () => {
      for (const type of ['application/vnd.docker.distribution.manifest.v1+prettyjws', DOCKER_IMAGE]) {
        const answer = await putManifest(
          door,
          'a/b',
          'old',
          { schemaVersion: 1, name: 'a/b', tag: 'old' },
          { type },
        );
        expectError(answer, 400, 'MANIFEST_INVALID');
        expect(answer.text).toContain('schema 1');
      }
    });

    it('blobs that are not there are 400 MANIFEST_BLOB_UNKNOWN, one error for each, and the tag is not set', async () => {
      const name = await repository();
      const layers = [
        descriptor('one', OCI_LAYER),
        descriptor('two', OCI_LAYER),
        descriptor(LAYER, OCI_LAYER),
      ];
      const answer = await putManifest(door, name, 'v1', image({ layers }));
      expect([answer.status, answer.codes]).toEqual([
        400,
        ['MANIFEST_BLOB_UNKNOWN', 'MANIFEST_BLOB_UNKNOWN'],
      ]);
      const details = answer
        .json<{ errors: { detail: { digest: string } }[] }>()
        .errors.map(({ detail }) => detail.digest);
      expect(details.toSorted()).toEqual([digestOf('one'), digestOf('two')].toSorted());
      expect((await door.send('GET', `/v2/${name}/manifests/v1`)).status).toBe(404);
    });

    it('blobs of another repository do not count (CVE-2024-39897)', async () => {
      await repository();
      expectError(await putManifest(door, 'data/without-blobs', 'v1', image()), 400, 'MANIFEST_BLOB_UNKNOWN');
    });

    it('an index whose child is not there is 400 MANIFEST_BLOB_UNKNOWN', async () => {
      const name = await repository();
      expectError(
        await putManifest(door, name, 'v1', index([descriptor('nowhere', OCI_IMAGE)])),
        400,
        'MANIFEST_BLOB_UNKNOWN',
      );
    });

    it.each(['.hidden', '-dash', 'a'.repeat(129), 'with space', 'ümlaut', '%00', '%0d%0aX:1', '', 'a+b'])(
      'the tag %j is 400 or 404',
      async (tag) => {
        const name = await repository();
        const answer = await putManifest(door, name, encodeURI(tag).replaceAll('%25', '%'), image());
        expect([400, 404]).toContain(answer.status);
      },
    );

    it('no mediaType and no Content-Type is 400 MANIFEST_INVALID', async () => {
      const { mediaType: _, ...rest } = image() as { mediaType: string };
      const answer = await door.send('PUT', '/v2/a/b/manifests/x', { body: JSON.stringify(rest) });
      expectError(answer, 400, 'MANIFEST_INVALID');
    });

    it('Content-Encoding is 415', async () => {
      const answer = await door.send('PUT', '/v2/a/b/manifests/x', {
        body: JSON.stringify(image()),
        headers: { 'content-type': OCI_IMAGE, 'content-encoding': 'gzip' },
      });
      expect(answer.status).toBe(415);
    });
  });

  describe('end-9: DELETE', () => {
    it('by tag: the tag alone is gone', async () => {
      const name = await repository();
      const { digest } = await pushImage(door, name, 'v1');
      await putManifest(door, name, 'v2', (await door.send('GET', `/v2/${name}/manifests/v1`)).text);
      const answer = await door.send('DELETE', `/v2/${name}/manifests/v1`);
      expect([answer.status, answer.text]).toEqual([202, '']);
      expectError(await door.send('GET', `/v2/${name}/manifests/v1`), 404, 'MANIFEST_UNKNOWN');
      expect((await door.send('GET', `/v2/${name}/manifests/${digest}`)).status).toBe(200);
      expect((await door.send('GET', `/v2/${name}/tags/list`)).json()).toEqual({ name, tags: ['v2'] });
      expectError(await door.send('DELETE', `/v2/${name}/manifests/v1`), 404, 'MANIFEST_UNKNOWN');
    });

    it('by digest: the manifest and all its tags are gone', async () => {
      const name = await repository();
      const { digest, text } = await pushImage(door, name, 'v1');
      await putManifest(door, name, 'v2', text);
      expect((await door.send('DELETE', `/v2/${name}/manifests/${digest}`)).status).toBe(202);
      for (const reference of ['v1', 'v2', digest]) {
        expectError(await door.send('GET', `/v2/${name}/manifests/${reference}`), 404, 'MANIFEST_UNKNOWN');
        expect((await door.send('HEAD', `/v2/${name}/manifests/${reference}`)).status).toBe(404);
      }
      expect((await door.send('GET', `/v2/${name}/tags/list`)).json()).toEqual({ name, tags: [] });
      expectError(await door.send('DELETE', `/v2/${name}/manifests/${digest}`), 404, 'MANIFEST_UNKNOWN');
    });

    it('what was read before is gone too: a cache grants nothing (CVE-2026-35172)', async () => {
      const name = await repository();
      const { digest, text } = await pushImage(door, name, 'v1');
      const copy = `${name}/copy`;
      for (const content of [CONFIG, LAYER]) await pushBlob(door, copy, content);
      await pushImage(door, copy, 'v1');
      expect((await door.send('GET', `/v2/${name}/manifests/${digest}`)).text).toBe(text);
      await door.send('DELETE', `/v2/${name}/manifests/${digest}`);
      expect((await door.send('GET', `/v2/${name}/manifests/${digest}`)).status).toBe(404);
      expect((await door.send('GET', `/v2/${copy}/manifests/${digest}`)).text).toBe(text);
    });

    it('a tag moves to what was pushed last', async () => {
      const name = await repository();
      const one = await pushImage(door, name, 'latest', { seed: 1 });
      const two = await pushImage(door, name, 'latest', { seed: 2 });
      expect((await door.send('GET', `/v2/${name}/manifests/latest`)).text).toBe(two.text);
      expect((await door.send('GET', `/v2/${name}/manifests/${one.digest}`)).text).toBe(one.text);
    });
  });
});
