/** The media types of manifests that Berth stores, by the role that each plays. */
export const MediaType = {
  ociImage: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociArtifact: 'application/vnd.oci.artifact.manifest.v1+json',
  dockerImage: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;

/** What Docker wrote before 2016; refused, because its signatures and layers cannot be checked any more. */
export const SCHEMA_1_TYPES: ReadonlySet<string> = new Set([
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
]);

/** What a manifest is, whatever its media type is called: `artifact` is the manifest of OCI 1.1's release candidates. */
export type ManifestKind = 'image' | 'index' | 'artifact';

const KINDS: ReadonlyMap<string, ManifestKind> = new Map([
  [MediaType.ociImage, 'image'],
  [MediaType.dockerImage, 'image'],
  [MediaType.ociIndex, 'index'],
  [MediaType.dockerList, 'index'],
  [MediaType.ociArtifact, 'artifact'],
]);

/** The role of a manifest of this media type, or undefined for a type that is no manifest's. */
export function manifestKind(mediaType: string): ManifestKind | undefined {
  return KINDS.get(mediaType);
}

/** Every manifest media type, for messages. */
export const MANIFEST_TYPES: readonly string[] = [...KINDS.keys()];

const NON_DISTRIBUTABLE =
  /^application\/vnd\.(?:docker\.image\.rootfs\.foreign\.|oci\.image\.layer\.nondistributable\.)/;

/** Layers of these types stay where their `urls` point and are never pushed (image-spec, layer.md). */
export function isNonDistributable(mediaType: string): boolean {
  return NON_DISTRIBUTABLE.test(mediaType);
}
