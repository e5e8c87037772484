import { expect, test } from 'vitest';
import { isNonDistributable, MANIFEST_TYPES, manifestKind, SCHEMA_1_TYPES } from './media-types.ts';

test.each([
  ['application/vnd.oci.image.manifest.v1+json', 'image'],
  ['application/vnd.docker.distribution.manifest.v2+json', 'image'],
  ['application/vnd.oci.image.index.v1+json', 'index'],
  ['application/vnd.docker.distribution.manifest.list.v2+json', 'index'],
  ['application/vnd.oci.artifact.manifest.v1+json', 'artifact'],
])('%s is of an %s', (mediaType, kind) => {
  expect(manifestKind(mediaType)).toBe(kind);
  expect(MANIFEST_TYPES).toContain(mediaType);
});

test.each([
  '',
  'application/json',
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.oci.image.manifest.v2+json',
  'APPLICATION/VND.OCI.IMAGE.MANIFEST.V1+JSON',
  'application/vnd.oci.image.manifest.v1+json ',
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  'toString',
  '__proto__',
])('%j is of no manifest', (mediaType) => {
  expect(manifestKind(mediaType)).toBeUndefined();
  expect(MANIFEST_TYPES).not.toContain(mediaType);
});

test('schema 1 has two types', () => {
  expect([...SCHEMA_1_TYPES]).toEqual([
    'application/vnd.docker.distribution.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.v1+prettyjws',
  ]);
});

// image-spec, layer.md, "Non-Distributable Layers", and Docker's foreign layers.
test.each<[boolean, string]>([
  [true, 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'],
  [true, 'application/vnd.docker.image.rootfs.foreign.diff.tar'],
  [true, 'application/vnd.oci.image.layer.nondistributable.v1.tar'],
  [true, 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'],
  [true, 'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd'],
  [false, 'application/vnd.docker.image.rootfs.diff.tar.gzip'],
  [false, 'application/vnd.oci.image.layer.v1.tar+gzip'],
  [false, 'x/application/vnd.oci.image.layer.nondistributable.v1.tar'],
  [false, 'application/vnd.oci.image.layer.nondistributablexv1.tar'],
])('%j: %s stays where its urls point', (expected, mediaType) => {
  expect(isNonDistributable(mediaType)).toBe(expected);
});
