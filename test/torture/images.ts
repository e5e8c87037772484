import { createHash } from 'node:crypto';
import type { Random } from './random.ts';

export const IMAGE_TYPE = 'application/vnd.oci.image.manifest.v1+json';
export const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar';

export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** A manifest with all that it needs, and what belongs to it. */
export interface Image {
  readonly text: string;
  readonly type: string;
  readonly digest: string;
  readonly blobs: readonly Buffer[];
  readonly children: readonly Image[];
}

interface Described {
  readonly text: string;
  readonly type: string;
  readonly digest: string;
}

const blobDescriptor = (mediaType: string, bytes: Buffer) => ({
  mediaType,
  digest: sha256(bytes),
  size: bytes.length,
});

const manifestDescriptor = ({ text, type, digest }: Described) => ({
  mediaType: type,
  digest,
  size: Buffer.byteLength(text),
});

function manifest(type: string, document: object, parts: Pick<Image, 'blobs' | 'children'>): Image {
  const text = JSON.stringify({ schemaVersion: 2, mediaType: type, ...document });
  return { text, type, digest: sha256(text), ...parts };
}

/** @param subject makes it a referrer, such as a signature */
export function imageOf(layers: readonly Buffer[], config: Buffer, subject?: Described): Image {
  const document = {
    config: blobDescriptor(CONFIG_TYPE, config),
    layers: layers.map((layer) => blobDescriptor(LAYER_TYPE, layer)),
    ...(subject !== undefined && { subject: manifestDescriptor(subject) }),
  };
  return manifest(IMAGE_TYPE, document, { blobs: [config, ...layers], children: [] });
}

export function indexOf(children: readonly Image[], unique: string): Image {
  const document = { manifests: children.map(manifestDescriptor), annotations: { unique } };
  return manifest(INDEX_TYPE, document, { blobs: [], children });
}

/** Sizes as they come: many small ones, some that take several writes. */
function layerSize(random: Random): number {
  if (random.chance(0.08)) return random.int(600_000, 1_800_000);
  return random.chance(0.4) ? random.int(20_000, 200_000) : random.int(1, 4_000);
}

/** Content of which some is shared by many images. */
export class Images {
  readonly #random: Random;
  readonly #shared: readonly Buffer[];

  constructor(random: Random) {
    this.#random = random;
    this.#shared = Array.from({ length: 5 }, () => random.bytes(layerSize(random)));
  }

  layer(): Buffer {
    return this.#random.bytes(layerSize(this.#random));
  }

  /** A layer that others push, delete and mount too. */
  shared(): Buffer {
    return this.#random.pick(this.#shared);
  }

  config(): Buffer {
    return Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', n: this.#random.next() }));
  }

  image(subject?: Described): Image {
    const layers = this.#random.chance(0.5) ? [this.layer(), this.shared()] : [this.layer()];
    return imageOf(layers, this.config(), subject);
  }

  index(): Image {
    return indexOf([this.image(), this.image()], String(this.#random.next()));
  }
}
