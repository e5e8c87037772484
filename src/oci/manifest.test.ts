import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attempt } from '../../test/support/grammar.ts';
import { digestOf } from './digest.ts';
import { InvalidValueError } from './invalid.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from './manifest.ts';
import { MediaType } from './media-types.ts';

const JSON_BYTES = (value: unknown) => Buffer.from(JSON.stringify(value));
const parse = (value: unknown, contentType?: string) => parseManifest(JSON_BYTES(value), contentType);

function descriptor(content: string, mediaType: string) {
  return { mediaType, digest: digestOf(Buffer.from(content)), size: content.length };
}

const CONFIG = descriptor('config', 'application/vnd.oci.image.config.v1+json');
const LAYER = descriptor('layer', 'application/vnd.oci.image.layer.v1.tar+gzip');
const SECOND = descriptor('second', 'application/vnd.oci.image.layer.v1.tar+gzip');
const CHILD = {
  ...descriptor('child', MediaType.ociImage),
  platform: { os: 'linux', architecture: 'amd64' },
};
const SUBJECT = descriptor('subject', MediaType.ociImage);

const IMAGE = { schemaVersion: 2, mediaType: MediaType.ociImage, config: CONFIG, layers: [LAYER, SECOND] };
const INDEX = { schemaVersion: 2, mediaType: MediaType.ociIndex, manifests: [CHILD] };
const ARTIFACT = { mediaType: MediaType.ociArtifact, artifactType: 'application/x-sbom', blobs: [LAYER] };

const read = ({ mediaType, digest, size }: typeof LAYER) => ({
  mediaType,
  digest,
  sizeBytes: size,
  urls: [],
});

/** The message with which a manifest is refused. */
function refusal(value: unknown, contentType?: string): string {
  const bytes = value instanceof Uint8Array ? value : JSON_BYTES(value);
  try {
    parseManifest(bytes, contentType);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidValueError);
    expect(error).toMatchObject({ kind: 'manifest' });
    return error instanceof Error ? error.message : '';
  }
  return expect.unreachable('the manifest was accepted');
}

describe('image manifests', () => {
  test.each([MediaType.ociImage, MediaType.dockerImage])('%s', (mediaType) => {
    expect(parse({ ...IMAGE, mediaType }, mediaType)).toEqual({
      mediaType,
      blobs: [read(CONFIG), read(LAYER), read(SECOND)],
      foreignBlobs: [],
      manifests: [],
      subject: undefined,
      artifactType: CONFIG.mediaType,
      annotations: undefined,
    });
  });

  test('with everything that OCI 1.1 adds', () => {
    const annotations = { 'org.opencontainers.image.title': 'a' };
    const manifest = parse({ ...IMAGE, artifactType: 'application/x-sbom', subject: SUBJECT, annotations });
    expect(manifest).toMatchObject({
      artifactType: 'application/x-sbom',
      subject: SUBJECT.digest,
      annotations,
    });
  });

  test.each([{ layers: [] }, { layers: undefined }, { layers: null }])('no layers: %j', (change) => {
    expect(parse({ ...IMAGE, ...change }).blobs).toEqual([read(CONFIG)]);
  });

  test('null stands for a member that is not there', () => {
    const nothing = { artifactType: null, subject: null, annotations: null, manifests: null, blobs: null };
    expect(parse({ ...IMAGE, ...nothing })).toEqual(parse(IMAGE));
    expect(parse({ ...IMAGE, artifactType: '' })).toEqual(parse(IMAGE));
  });

  test.each([
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  ])('a layer of %s need not be in the repository', (mediaType) => {
    const foreign = { ...SECOND, mediaType, urls: ['https://example.test/base'] };
    expect(parse({ ...IMAGE, layers: [foreign, LAYER] }).blobs).toEqual([read(CONFIG), read(LAYER)]);
  });

  test('members that nobody knows are kept out of the way', () => {
    expect(parse({ ...IMAGE, history: 5, signatures: [], 'x-own': { layers: [1] } })).toEqual(parse(IMAGE));
  });

  test.each<[string, object, string]>([
    ['no config', { config: undefined }, 'config must be a descriptor'],
    ['config is null', { config: null }, 'config must be a descriptor'],
    ['config is a list', { config: [CONFIG] }, 'config must be a descriptor'],
    ['config without digest', { config: { ...CONFIG, digest: undefined } }, 'config.digest must be'],
    ['layers is no list', { layers: {} }, 'layers must be a list of descriptors'],
    ['layers is a text', { layers: LAYER.digest }, 'layers must be a list of descriptors'],
    ['a layer is a text', { layers: [LAYER, LAYER.digest] }, 'layers[1] must be a descriptor'],
    ['a layer is null', { layers: [null] }, 'layers[0] must be a descriptor'],
    ['a layer of no size', { layers: [LAYER, { ...LAYER, size: -1 }] }, 'layers[1].size must be'],
    [
      'a foreign layer, malformed',
      { layers: [{ mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' }] },
      'layers[0].digest must be',
    ],
    ['subject is a text', { subject: SUBJECT.digest }, 'subject must be a descriptor'],
    ['subject without type', { subject: { ...SUBJECT, mediaType: '' } }, 'subject.mediaType must be a text'],
    ['artifactType is a list', { artifactType: ['a'] }, 'artifactType must be a text'],
    ['annotations is a list', { annotations: [] }, 'annotations must be an object whose values are texts'],
    [
      'an annotation is a number',
      { annotations: { a: 1 } },
      'annotations must be an object whose values are texts',
    ],
    ['schemaVersion 3', { schemaVersion: 3 }, 'schemaVersion must be 2'],
    ['no schemaVersion', { schemaVersion: undefined }, 'schemaVersion must be 2'],
    ['schemaVersion is a text', { schemaVersion: '2' }, 'schemaVersion must be 2'],
  ])('refused: %s', (_, change, message) => {
    expect(refusal({ ...IMAGE, ...change })).toContain(message);
  });
});

describe('indexes', () => {
  test.each([MediaType.ociIndex, MediaType.dockerList])('%s', (mediaType) => {
    expect(parse({ ...INDEX, mediaType }, mediaType)).toEqual({
      mediaType,
      blobs: [],
      foreignBlobs: [],
      manifests: [{ ...read(CHILD), platform: { architecture: 'amd64', os: 'linux' } }],
      subject: undefined,
      // image-spec: referrers that are indexes without a type are listed without one.
      artifactType: undefined,
      annotations: undefined,
    });
  });

  test('empty, nested, and with a subject', () => {
    expect(parse({ ...INDEX, manifests: [] }).manifests).toEqual([]);
    const nested = { ...CHILD, mediaType: MediaType.ociIndex };
    expect(parse({ ...INDEX, manifests: [nested] }).manifests).toMatchObject([
      { mediaType: MediaType.ociIndex },
    ]);
    expect(parse({ ...INDEX, subject: SUBJECT, artifactType: 'a/b' })).toMatchObject({
      subject: SUBJECT.digest,
      artifactType: 'a/b',
    });
  });

  test.each<[string, object, string]>([
    ['manifests is no list', { manifests: {} }, 'manifests must be a list of descriptors'],
    ['a child is no descriptor', { manifests: [CHILD, 5] }, 'manifests[1] must be a descriptor'],
    [
      'a child without digest',
      { manifests: [{ ...CHILD, digest: 'latest' }] },
      'manifests[0].digest must be',
    ],
    ['schemaVersion', { schemaVersion: 1.5 }, 'schemaVersion must be 2'],
  ])('refused: %s', (_, change, message) => {
    expect(refusal({ ...INDEX, ...change })).toContain(message);
  });
});

describe('artifact manifests', () => {
  test('name blobs, and have no schemaVersion', () => {
    expect(parse(ARTIFACT)).toMatchObject({
      mediaType: MediaType.ociArtifact,
      artifactType: 'application/x-sbom',
      blobs: [read(LAYER)],
      foreignBlobs: [],
      manifests: [],
    });
    expect(parse({ ...ARTIFACT, blobs: undefined, subject: SUBJECT })).toMatchObject({
      blobs: [],
      subject: SUBJECT.digest,
    });
  });

  test('refused: blobs that are none', () => {
    expect(refusal({ ...ARTIFACT, blobs: [1] })).toContain('blobs[0] must be a descriptor');
  });
});

describe('one document cannot be read in two ways (CVE-2021-41190, GHSA-qq97-vm5h-rrhg)', () => {
  test.each<[string, object, string]>([
    ['an image with manifests', { ...IMAGE, manifests: [] }, 'an image manifest must not have "manifests"'],
    ['an image with fsLayers', { ...IMAGE, fsLayers: [] }, 'an image manifest must not have "fsLayers"'],
    ['an image with blobs', { ...IMAGE, blobs: [] }, 'an image manifest must not have "blobs"'],
    ['an index with layers', { ...INDEX, layers: [] }, 'an index must not have "layers"'],
    ['an index with config', { ...INDEX, config: CONFIG }, 'an index must not have "config"'],
    ['an index with fsLayers', { ...INDEX, fsLayers: 1 }, 'an index must not have "fsLayers"'],
    ['an index with blobs', { ...INDEX, blobs: [LAYER] }, 'an index must not have "blobs"'],
    ['an artifact with layers', { ...ARTIFACT, layers: [] }, 'an artifact manifest must not have "layers"'],
    ['an artifact with config', { ...ARTIFACT, config: {} }, 'an artifact manifest must not have "config"'],
    [
      'an artifact with manifests',
      { ...ARTIFACT, manifests: [] },
      'an artifact manifest must not have "manifests"',
    ],
  ])('%s', (_, document, message) => {
    expect(refusal(document)).toBe(message);
  });

  test('Docker types are held to the same', () => {
    expect(refusal({ ...IMAGE, mediaType: MediaType.dockerImage, manifests: [CHILD] })).toContain(
      '"manifests"',
    );
    expect(refusal({ ...INDEX, mediaType: MediaType.dockerList, layers: [LAYER] })).toContain('"layers"');
  });

  test('without a mediaType inside, the Content-Type decides, and both shapes at once are refused', () => {
    const both = { schemaVersion: 2, config: CONFIG, layers: [LAYER], manifests: [CHILD] };
    expect(refusal(both, MediaType.ociImage)).toContain('"manifests"');
    expect(refusal(both, MediaType.ociIndex)).toContain('"config"');
    expect(refusal(both)).toContain('the manifest has no mediaType and the request no Content-Type');
  });

  test('the mediaType must be the Content-Type', () => {
    const message = refusal(IMAGE, MediaType.dockerImage);
    expect(message).toContain(`the Content-Type is "${MediaType.dockerImage}"`);
    expect(message).toContain(`mediaType is "${MediaType.ociImage}"`);
    expect(refusal(IMAGE, MediaType.ociIndex)).toContain('the Content-Type is');
    expect(refusal(IMAGE, 'application/json')).toContain('the Content-Type is');
    expect(refusal({ ...IMAGE, mediaType: MediaType.ociIndex }, MediaType.ociImage)).toContain(
      'the Content-Type is',
    );
  });

  // encoding/json of Go, which docker, containerd and registry:2 read manifests with, takes names in any case.
  test('a member in another case, which Go reads and JavaScript does not, does not hide', () => {
    expect(refusal({ ...IMAGE, Manifests: [CHILD] })).toContain('Manifests');
    expect(refusal({ ...INDEX, LAYERS: [LAYER] })).toContain('LAYERS');
  });
});

describe('media types', () => {
  test.each([
    'application/vnd.oci.image.manifest.v1+json; charset=utf-8',
    ' application/vnd.oci.image.manifest.v1+json ',
    'Application/Vnd.OCI.Image.Manifest.V1+JSON',
    '',
    ' ',
    ';',
  ])('the Content-Type %j goes with an OCI image', (contentType) => {
    expect(parse(IMAGE, contentType).mediaType).toBe(MediaType.ociImage);
  });

  test('are taken from either place', () => {
    const { mediaType, ...untyped } = IMAGE;
    expect(parse(untyped, mediaType).mediaType).toBe(mediaType);
    expect(parse(IMAGE).mediaType).toBe(mediaType);
    expect(parse(untyped, 'Application/VND.oci.image.manifest.v1+json').mediaType).toBe(mediaType);
  });

  test.each([
    'application/json',
    'text/plain',
    '*/*',
    'application/vnd.cncf.helm.config.v1+json',
    '__proto__',
  ])('%s is none of a manifest', (mediaType) => {
    const message = refusal({ ...IMAGE, mediaType });
    expect(message).toContain(`${JSON.stringify(mediaType)} is not a manifest media type`);
    expect(message).toContain(MediaType.dockerList);
  });

  test.each([5, [MediaType.ociImage], {}, true])('mediaType %j is no text', (mediaType) => {
    expect(refusal({ ...IMAGE, mediaType }, MediaType.ociImage)).toBe('mediaType must be a text');
  });

  test('a mediaType that is null or empty is none, as for registry:2 and for every other member', () => {
    expect(parse({ ...IMAGE, mediaType: null }, MediaType.ociImage).mediaType).toBe(MediaType.ociImage);
    expect(parse({ ...IMAGE, mediaType: '' }, MediaType.ociImage).mediaType).toBe(MediaType.ociImage);
  });

  test('a long one is not repeated in full', () => {
    expect(refusal({ ...IMAGE, mediaType: 'x'.repeat(100_000) }).length).toBeLessThan(1000);
    expect(refusal(IMAGE, 'x'.repeat(100_000)).length).toBeLessThan(1000);
  });
});

describe('schema 1', () => {
  const document = { schemaVersion: 1, name: 'a', tag: 'b', fsLayers: [], history: [], signatures: [] };
  const [plain, signed] = [
    'application/vnd.docker.distribution.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.v1+prettyjws',
  ];

  test.each<[object, string | undefined]>([
    [document, undefined],
    [document, 'application/json'],
    [document, plain],
    [document, signed],
    [document, MediaType.dockerImage],
    [{ ...document, schemaVersion: 2 }, signed],
    [{ ...IMAGE, mediaType: plain }, undefined],
    [{ ...IMAGE, mediaType: signed }, MediaType.ociImage],
    [{ ...IMAGE, schemaVersion: 1 }, MediaType.ociImage],
  ])('%j as %s gets advice', (value, contentType) => {
    expect(refusal(value, contentType)).toMatch(/^this is a Docker schema 1 manifest.* push it again$/);
  });
});

describe('bytes', () => {
  const invalid: [string, Uint8Array][] = [
    ['nothing', Buffer.alloc(0)],
    ['a blank', Buffer.from(' ')],
    ['half a document', JSON_BYTES(IMAGE).subarray(0, 200)],
    ['two documents', Buffer.concat([JSON_BYTES(IMAGE), JSON_BYTES(IMAGE)])],
    ['something behind it', Buffer.concat([JSON_BYTES(IMAGE), Buffer.from([0])])],
    ['a comment', Buffer.from(`{"a": 1} // comment`)],
    ['a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), JSON_BYTES(IMAGE)])],
    ['UTF-16', Buffer.from(JSON.stringify(IMAGE), 'utf16le')],
    ['a broken sequence', Buffer.from('{"a": "\xff"}', 'latin1')],
    ['an overlong sequence', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ['an encoded surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['a gzip header', Buffer.from([0x1f, 0x8b, 8, 0])],
  ];
  test.each(invalid)('%s is no JSON', (_, bytes) => {
    expect(refusal(bytes, MediaType.ociImage)).toMatch(/^the manifest is not JSON: /);
  });

  test.each(['null', '1', '"text"', 'true', '[]', `[${JSON.stringify(IMAGE)}]`])(
    '%s is no object',
    (text) => {
      expect(refusal(Buffer.from(text), MediaType.ociImage)).toBe('the manifest must be a JSON object');
    },
  );

  test('blanks around it are fine', () => {
    expect(parseManifest(Buffer.from(`\n ${JSON.stringify(IMAGE, null, 3)}\r\n\t`), undefined)).toEqual(
      parse(IMAGE),
    );
  });

  test('of what came, a message repeats little', () => {
    const bytes = Buffer.from(`{"a": ${'x'.repeat(1_000_000)}}`);
    expect(refusal(bytes, MediaType.ociImage).length).toBeLessThan(300);
  });

  test('a manifest of 3.9 MB, as the conformance suite pushes', () => {
    const annotations = Object.fromEntries(
      Array.from({ length: 390 }, (_, number) => [`key-${number}`, 'v'.repeat(10_000)]),
    );
    const bytes = JSON_BYTES({ ...IMAGE, annotations });
    expect(bytes.byteLength).toBeGreaterThan(3_900_000);
    expect(bytes.byteLength).toBeLessThan(MAX_MANIFEST_BYTES);
    expect(parseManifest(bytes, MediaType.ociImage).annotations).toEqual(annotations);
  });

  test('as many layers as fit into 4 MiB', () => {
    const layers = Array.from({ length: 25_000 }, () => LAYER);
    const bytes = JSON_BYTES({ ...IMAGE, layers });
    expect(bytes.byteLength).toBeLessThan(MAX_MANIFEST_BYTES);
    expect(parseManifest(bytes, MediaType.ociImage).blobs).toHaveLength(25_001);
  });

  test.each(['[', '{"a":'])('deep nesting by %j is no more than a refusal', (opening) => {
    const depth = Math.floor(MAX_MANIFEST_BYTES / opening.length) - 100;
    expect(refusal(Buffer.from(opening.repeat(depth)), MediaType.ociImage)).toMatch(
      /^the manifest is not JSON/,
    );
  });

  test.each(['annotations', 'layers', 'config', 'subject', 'x-own'])(
    'deep nesting in %s does no harm',
    (key) => {
      const deep = `${'['.repeat(500_000)}${']'.repeat(500_000)}`;
      const text = JSON.stringify({ ...IMAGE, [key]: 'HERE' }).replace('"HERE"', deep);
      const parsed = attempt(() => parseManifest(Buffer.from(text), MediaType.ociImage), 'manifest');
      expect(parsed === undefined).toBe(key !== 'x-own');
    },
  );
});

describe('names that JavaScript gives a meaning', () => {
  const text = (document: object) => JSON.stringify(document);

  test('__proto__ lends nothing to a document', () => {
    const { mediaType, ...rest } = IMAGE;
    const bytes = Buffer.from(text({ ...rest, HERE: { mediaType } }).replace('HERE', '__proto__'));
    expect(refusal(bytes)).toContain('the manifest has no mediaType');
    const { config, ...headless } = IMAGE;
    const lent = Buffer.from(text({ ...headless, HERE: { config } }).replace('HERE', '__proto__'));
    expect(refusal(lent)).toContain('config must be a descriptor');
  });

  test('__proto__ lends nothing to a descriptor', () => {
    const { digest, ...rest } = LAYER;
    const bytes = Buffer.from(
      text({ ...IMAGE, layers: [{ ...rest, HERE: { digest } }] }).replace('HERE', '__proto__'),
    );
    expect(refusal(bytes)).toContain('layers[0].digest must be');
  });

  test('as annotations they are annotations', () => {
    const bytes = Buffer.from(
      text({ ...IMAGE, annotations: { HERE: 'a', constructor: 'b', toString: 'c' } }).replace(
        'HERE',
        '__proto__',
      ),
    );
    const { annotations } = parseManifest(bytes, undefined);
    expect(JSON.stringify(annotations)).toBe('{"__proto__":"a","constructor":"b","toString":"c"}');
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });

  test('of a name that stands twice the last counts, as in Go', () => {
    const twice = text(IMAGE).replace('{', `{"layers":[],"mediaType":"${MediaType.ociIndex}",`);
    expect(parseManifest(Buffer.from(twice), undefined)).toEqual(parse(IMAGE));
  });
});

describe('whatever comes', () => {
  const contentType = fc.option(fc.oneof(fc.constantFrom(...Object.values(MediaType)), fc.string()), {
    nil: undefined,
  });

  test('random JSON is read or refused', () => {
    fc.assert(
      fc.property(fc.json(), contentType, (text, type) => {
        attempt(() => parseManifest(Buffer.from(text), type), 'manifest');
      }),
      { numRuns: 300 },
    );
  });

  test('random bytes are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), contentType, (bytes, type) => {
        attempt(() => parseManifest(bytes, type), 'manifest');
      }),
    );
  });

  test('a manifest with any of its members replaced by any value is read or refused', () => {
    const change = fc.dictionary(
      fc.constantFrom(
        ...['schemaVersion', 'mediaType', 'config', 'layers', 'manifests', 'blobs'],
        ...['subject', 'artifactType', 'annotations', 'fsLayers'],
      ),
      fc.oneof(fc.jsonValue(), fc.constant([LAYER]), fc.constant(CONFIG)),
      { maxKeys: 3 },
    );
    fc.assert(
      fc.property(
        fc.constantFrom<object>(IMAGE, INDEX, ARTIFACT),
        change,
        contentType,
        (document, changes, type) => {
          const manifest = attempt(() => parse({ ...document, ...changes }, type), 'manifest');
          if (manifest === undefined) return;
          expect(Object.values(MediaType)).toContain(manifest.mediaType);
          expect(manifest.blobs.length === 0 || manifest.manifests.length === 0).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
