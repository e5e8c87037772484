import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import {
  type Algorithm,
  bytes,
  type Descriptor,
  descriptor,
  digestOf,
  EMPTY_JSON,
  OCI_CONFIG,
  OCI_IMAGE,
  OCI_INDEX,
  OCI_LAYER,
  pushBlob,
  putManifest,
} from '../support/oci-content.ts';

/**
 * The data sets of the OCI conformance suite. Each is pushed by tag and by digest, listed, read by tag and digest,
 * asked for its referrers, and removed: tag, manifest, blobs.
 */

/** A manifest and what it needs. */
interface Piece {
  readonly tag?: string;
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly blobs: readonly (string | Buffer)[];
  /** Not to be found under the digest of any other piece. */
  readonly subject?: string;
}

const CONFIG = JSON.stringify({ architecture: 'amd64', os: 'linux' });
const LAYERS = [bytes(1_024, 5_001), bytes(1_024, 5_002)];
const LAYER_TAR = 'application/vnd.oci.image.layer.v1.tar';

function image(
  more: Readonly<Record<string, unknown>> = {},
  algorithm: Algorithm = 'sha256',
  layerType = OCI_LAYER,
): Piece {
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_IMAGE,
    config: descriptor(CONFIG, OCI_CONFIG, {}, algorithm),
    layers: LAYERS.map((layer) => descriptor(layer, layerType, {}, algorithm)),
    ...more,
  };
  return { manifest, blobs: [CONFIG, ...LAYERS] };
}

function artifact(artifactType: string, more: Readonly<Record<string, unknown>> = {}): Piece {
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_IMAGE,
    artifactType,
    config: descriptor('{}', EMPTY_JSON),
    layers: [descriptor('an artifact', 'application/vnd.example')],
    ...more,
  };
  return { manifest, blobs: ['{}', 'an artifact'] };
}

const textOf = (piece: Piece): string => JSON.stringify(piece.manifest);

function index(children: readonly Piece[], more: Readonly<Record<string, unknown>> = {}): Piece {
  const manifests = children.map((child) => descriptor(textOf(child), String(child.manifest['mediaType'])));
  return { manifest: { schemaVersion: 2, mediaType: OCI_INDEX, manifests, ...more }, blobs: [] };
}

const subjectOf = (piece: Piece): { subject: Descriptor } => ({
  subject: descriptor(textOf(piece), String(piece.manifest['mediaType'])),
});

const arm = image({ annotations: { platform: 'arm64' } });
const signed = image({ annotations: { 'org.example': 'signed' } });
const signedIndex = index([image(), arm], { annotations: { 'org.example': 'signed' } });
const nobody = { subject: descriptor('nobody has pushed this', OCI_IMAGE) };

/** By the suite's names. Those without a tag are pushed by digest. */
const DATA_SETS: Readonly<Record<string, readonly Piece[]>> = {
  Image: [{ ...image(), tag: 'image' }],
  'Image Uncompressed': [{ ...image({}, 'sha256', LAYER_TAR), tag: 'image-uncompressed' }],
  'Image with Large Manifest': [
    {
      ...image({
        annotations: Object.fromEntries(
          Array.from({ length: 390 }, (_, position) => [`org.example.${position}`, 'x'.repeat(10_000)]),
        ),
      }),
      tag: 'large-manifest',
    },
  ],
  Index: [image(), arm, { ...index([image(), arm]), tag: 'index' }],
  'Nested Index': [image(), index([image()]), { ...index([index([image()])]), tag: 'nested-index' }],
  'Empty Index': [{ ...index([]), tag: 'empty-index' }],
  Artifact: [{ ...artifact('application/vnd.example.one'), tag: 'artifact' }],
  'Artifact Index': [
    artifact('application/vnd.example.one'),
    {
      ...index([artifact('application/vnd.example.one')], { artifactType: 'application/vnd.example.list' }),
      tag: 'artifact-index',
    },
  ],
  'Artifact without Layers': [
    {
      ...artifact('application/vnd.example.none', { layers: [descriptor('{}', EMPTY_JSON)] }),
      blobs: ['{}'],
      tag: 'artifact-without-layers',
    },
  ],
  'Artifacts with Subject': [
    { ...signed, tag: 'signed' },
    artifact('application/vnd.example.sbom', { ...subjectOf(signed), annotations: { kind: 'sbom' } }),
    artifact('application/vnd.example.signature', subjectOf(signed)),
  ],
  'Index with Subject': [
    image(),
    arm,
    { ...signedIndex, tag: 'signed-index' },
    { ...index([image()], { artifactType: 'application/vnd.example.list', ...subjectOf(signedIndex) }) },
  ],
  'Missing Subject': [{ ...image(nobody), tag: 'missing-subject' }],
  'Data Field': [
    {
      ...artifact('application/vnd.example.data', {
        config: { ...descriptor('{}', EMPTY_JSON), data: Buffer.from('{}').toString('base64') },
      }),
      tag: 'data-field',
    },
  ],
  'Non-distributable Layers': [
    {
      ...image({
        layers: [
          descriptor('never pushed', 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', {
            urls: ['https://store.example.com/layer'],
          }),
          descriptor('nor this', 'application/vnd.oci.image.layer.nondistributable.v1.tar'),
        ],
      }),
      blobs: [CONFIG],
      tag: 'non-distributable-layers',
    },
  ],
  'Custom Fields': [
    {
      ...image({
        customField: { nested: ['values', 1, null] },
        config: { ...descriptor(CONFIG, OCI_CONFIG), extra: 'field' },
      }),
      tag: 'custom-fields',
    },
  ],
  'No Layers': [{ ...image({ layers: [] }), blobs: [CONFIG], tag: 'no-layers' }],
};

describe('Data conformance', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor();
  });
  afterAll(() => door.close());

  const expectManifest = async (repository: string, reference: string, text: string, digest: string) => {
    const target = `/v2/${repository}/manifests/${reference}`;
    const { mediaType } = JSON.parse(text) as { mediaType: string };
    for (const method of ['HEAD', 'GET']) {
      const answer = await door.send(method, target);
      expect([answer.status, answer.headers['content-type'], answer.headers['content-length']]).toEqual([
        200,
        mediaType,
        String(Buffer.byteLength(text)),
      ]);
      expect(answer.headers['docker-content-digest']).toBe(digest);
      if (method === 'GET') expect(answer.text).toBe(text);
      else expect(answer.body.byteLength).toBe(0);
    }
  };
  const tags = async (repository: string, query = ''): Promise<readonly string[]> =>
    (await door.send('GET', `/v2/${repository}/tags/list${query}`)).json<{ tags: string[] }>().tags;
  const referrers = async (repository: string, digest: string, artifactType?: string) => {
    const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
    const answer = await door.send('GET', `/v2/${repository}/referrers/${digest}${query}`);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, OCI_INDEX]);
    if (artifactType !== undefined) expect(answer.headers['oci-filters-applied']).toBe('artifactType');
    return answer.json<{ manifests: Descriptor[] }>().manifests;
  };

  /** The whole life of a data set. */
  const live = async (repository: string, pieces: readonly Piece[], algorithm: Algorithm = 'sha256') => {
    const digests = pieces.map((piece) => digestOf(textOf(piece), algorithm));
    for (const [position, piece] of pieces.entries()) {
      for (const blob of piece.blobs) await pushBlob(door, repository, blob, { algorithm });
      const digest = digests[position] ?? '';
      const { subject } = piece.manifest as { subject?: Descriptor };
      for (const reference of piece.tag === undefined || algorithm === 'sha512'
        ? [digest]
        : [piece.tag, digest]) {
        const pushed = await putManifest(door, repository, reference, textOf(piece));
        expect([pushed.status, pushed.headers['docker-content-digest']], pushed.text).toEqual([201, digest]);
        expect(pushed.headers['oci-subject']).toBe(subject?.digest);
        expect(pushed.headers['location']).toBe(`/v2/${repository}/manifests/${digest}`);
      }
    }
    for (const [position, piece] of pieces.entries()) {
      const digest = digests[position] ?? '';
      await expectManifest(repository, digest, textOf(piece), digest);
      if (piece.tag !== undefined && algorithm === 'sha256') {
        await expectManifest(repository, piece.tag, textOf(piece), digest);
        expect(await tags(repository)).toContain(piece.tag);
        expect(await tags(repository, `?last=${piece.tag}`)).not.toContain(piece.tag);
      }
      const referring = pieces.filter(
        ({ manifest }) => (manifest as { subject?: Descriptor }).subject?.digest === digest,
      );
      const listed = await referrers(repository, digest);
      expect(listed.map((entry) => entry.digest).sort()).toEqual(
        referring.map((other) => digestOf(textOf(other))).sort(),
      );
      for (const { manifest } of referring) {
        const { artifactType, annotations } = manifest as { artifactType: string; annotations?: unknown };
        const filtered = await referrers(repository, digest, artifactType);
        expect(filtered).toEqual([expect.objectContaining({ artifactType })]);
        expect(filtered[0]?.['annotations']).toEqual(annotations);
      }
    }
    // From the top, so that nothing is removed that something else names.
    for (const [position, piece] of [...pieces.entries()].reverse()) {
      const manifest = `/v2/${repository}/manifests/${digests[position]}`;
      if (piece.tag !== undefined && algorithm === 'sha256') {
        const tag = `/v2/${repository}/manifests/${piece.tag}`;
        expect((await door.send('DELETE', tag)).status).toBe(202);
        expect((await door.send('GET', tag)).status).toBe(404);
        expect(await tags(repository)).not.toContain(piece.tag);
        expect((await door.send('HEAD', manifest)).status).toBe(200);
      }
      expect((await door.send('DELETE', manifest)).status).toBe(202);
      expect((await door.send('GET', manifest)).status).toBe(404);
      const { subject } = piece.manifest as { subject?: Descriptor };
      if (subject !== undefined) {
        const left = (await referrers(repository, subject.digest)).map(({ digest }) => digest);
        expect(left).not.toContain(digests[position]);
      }
    }
    for (const blob of new Set(pieces.flatMap(({ blobs }) => blobs))) {
      const target = `/v2/${repository}/blobs/${digestOf(blob, algorithm)}`;
      expect((await door.send('DELETE', target)).status).toBe(202);
      expect((await door.send('HEAD', target)).status).toBe(404);
    }
  };

  it.each(Object.keys(DATA_SETS))('%s', async (name) => {
    const repository = `data/${name.toLowerCase().replaceAll(' ', '-')}`;
    await live(repository, DATA_SETS[name] ?? []);
  });

  it('Digest Algorithm sha512', async () => {
    await live('data/sha512', [{ ...image({}, 'sha512'), tag: 'sha512' }], 'sha512');
  });

  it('Missing Subject: the manifest is a referrer of what is not there', async () => {
    const repository = 'data/missing-subject-listed';
    await pushBlob(door, repository, CONFIG);
    for (const layer of LAYERS) await pushBlob(door, repository, layer);
    const piece = image(nobody);
    await putManifest(door, repository, 'signature', textOf(piece));
    expect(await referrers(repository, nobody.subject.digest)).toEqual([
      {
        mediaType: OCI_IMAGE,
        digest: digestOf(textOf(piece)),
        size: Buffer.byteLength(textOf(piece)),
        // Without an artifactType, it is the type of the config.
        artifactType: OCI_CONFIG,
      },
    ]);
  });

  it('Index with Subject: without an artifactType, there is none in the list', async () => {
    const piece = index([], nobody);
    await putManifest(door, 'data/index-listed', 'list', textOf(piece));
    const [found] = await referrers('data/index-listed', nobody.subject.digest);
    expect([found?.digest, found && 'artifactType' in found]).toEqual([digestOf(textOf(piece)), false]);
  });

  it.each<[string, Algorithm]>([
    ['Tag Param', 'sha256'],
    ['Tag Param sha512', 'sha512'],
  ])('%s: a push by digest sets every tag and names it in OCI-Tag', async (name, algorithm) => {
    const repository = `data/${name.toLowerCase().replaceAll(' ', '-')}`;
    const piece = image({ annotations: { name } }, algorithm);
    for (const blob of piece.blobs) await pushBlob(door, repository, blob, { algorithm });
    const wanted = Array.from({ length: 10 }, (_, position) => `v1.${position}`);
    const digest = digestOf(textOf(piece), algorithm);
    const query = wanted.map((tag) => `tag=${tag}`).join('&');
    const pushed = await putManifest(door, repository, `${digest}?${query}`, textOf(piece));
    expect([pushed.status, pushed.headers['docker-content-digest']]).toEqual([201, digest]);
    expect(pushed.headers['oci-tag']?.split(', ')).toEqual(wanted);
    expect(await tags(repository)).toEqual(wanted);
    for (const tag of wanted) await expectManifest(repository, tag, textOf(piece), digest);
  });

  it('Sparse Manifests: taken where the configuration says so, refused otherwise', async () => {
    const piece = image({ annotations: { sparse: 'yes' } });
    const sparse = index([image(), arm]);
    const refused = await putManifest(door, 'data/sparse', 'index', textOf(sparse));
    expect([refused.status, refused.codes]).toEqual([
      400,
      ['MANIFEST_BLOB_UNKNOWN', 'MANIFEST_BLOB_UNKNOWN'],
    ]);
    const open = await openFrontDoor({
      config: 'validation: {manifests: {blobs: none, indexes: {platforms: none}}}',
    });
    try {
      for (const [tag, text] of [
        ['index', textOf(sparse)],
        ['image', textOf(piece)],
      ] as const) {
        expect((await putManifest(open, 'data/sparse', tag, text)).status).toBe(201);
        expect((await open.send('GET', `/v2/data/sparse/manifests/${tag}`)).text).toBe(text);
      }
      expect((await open.send('GET', `/v2/data/sparse/manifests/${digestOf(textOf(arm))}`)).status).toBe(404);
    } finally {
      await open.close();
    }
  });

  it('Bad Digest Image: a push under another digest is 400', async () => {
    const repository = 'data/bad-digest';
    const piece = image();
    for (const blob of piece.blobs) await pushBlob(door, repository, blob);
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const digest = digestOf('another', algorithm);
      const answer = await putManifest(door, repository, digest, textOf(piece));
      expect([answer.status, answer.codes]).toEqual([400, ['DIGEST_INVALID']]);
      expect((await door.send('GET', `/v2/${repository}/manifests/${digest}`)).status).toBe(404);
    }
  });
});
