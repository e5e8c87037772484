import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { folder } from './root.ts';
import { tar } from './tar.ts';

/** What an image is to hold: a layer a file, with contents that no other image has. */
export interface ImagePlan {
  readonly layers: readonly Buffer[];
}

export const LAYER_SIZE = 300_000;

/** A plan of new random layers, on top of another plan's if one is given. */
export function planImage(layers: number, base?: ImagePlan): ImagePlan {
  return {
    layers: [...(base?.layers ?? []), ...Array.from({ length: layers }, () => randomBytes(LAYER_SIZE))],
  };
}

/** A folder for `docker build` and its like: FROM scratch, or from `base`, whose layers are not added again. */
export function buildContext(
  plan: ImagePlan,
  base?: { readonly ref: string; readonly plan: ImagePlan },
): string {
  const place = folder('context');
  const own = plan.layers.slice(base?.plan.layers.length ?? 0);
  const adds = own.map((content) => {
    const name = `${createHash('sha256').update(content).digest('hex').slice(0, 12)}.bin`;
    writeFileSync(join(place, name), content);
    return `ADD ${name} /data/${name}\n`;
  });
  const labels = 'LABEL org.opencontainers.image.title="berth e2e"\n';
  writeFileSync(join(place, 'Dockerfile'), `FROM ${base?.ref ?? 'scratch'}\n${adds.join('')}${labels}`);
  return place;
}

/** What a manifest says of one blob. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** An image in pieces, ready to be sent by hand. */
export interface BuiltImage {
  readonly blobs: readonly { readonly descriptor: Descriptor; readonly content: Buffer }[];
  readonly manifest: Buffer;
  readonly mediaType: string;
  /** of the manifest */
  readonly digest: string;
}

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

export function sha256(content: Buffer | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** An OCI image made here, without any tool. */
export function builtImage(plan: ImagePlan): BuiltImage {
  const tars = plan.layers.map((content, n) => tar([{ name: `data/${n}.bin`, content }]));
  const layers = tars.map((content) =>
    blob('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(content, { level: 1 })),
  );
  return assembled(layers, tars.map(sha256));
}

/** The image of given layers; `diffIds` are the digests of the layers uncompressed. */
export function assembled(layers: BuiltImage['blobs'], diffIds: readonly string[]): BuiltImage {
  const config = blob(
    'application/vnd.oci.image.config.v1+json',
    Buffer.from(
      JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: diffIds } }),
    ),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: config.descriptor,
      layers: layers.map((layer) => layer.descriptor),
    }),
  );
  return { blobs: [...layers, config], manifest, mediaType: OCI_MANIFEST, digest: sha256(manifest) };
}

export function blob(mediaType: string, content: Buffer): BuiltImage['blobs'][number] {
  return { descriptor: { mediaType, digest: sha256(content), size: content.length }, content };
}

/** Writes an image as an OCI layout (image-spec, image-layout.md). Returns its folder. */
export function ociLayout(image: BuiltImage): string {
  const place = folder('layout');
  mkdirSync(join(place, 'blobs/sha256'), { recursive: true });
  const write = (digest: string, content: Buffer) =>
    writeFileSync(join(place, 'blobs', digest.replace(':', '/')), content);
  for (const { descriptor, content } of image.blobs) write(descriptor.digest, content);
  write(image.digest, image.manifest);
  writeFileSync(join(place, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const entry = { mediaType: image.mediaType, digest: image.digest, size: image.manifest.length };
  writeFileSync(join(place, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  return place;
}

/** A file system of one random file as a tar file, for `docker import`. */
export function importableTar(): string {
  const path = join(folder('import'), 'root.tar');
  writeFileSync(path, tar([{ name: 'hello.bin', content: randomBytes(1000) }]));
  return path;
}
