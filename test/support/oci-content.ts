import { hash } from 'node:crypto';
import type { Answer, FrontDoor, Sent } from './front-door.ts';

/** Content as clients push it, and the few steps of a push. */

export type Algorithm = 'sha256' | 'sha512';

export const OCI_IMAGE = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_ARTIFACT = 'application/vnd.oci.artifact.manifest.v1+json';
export const DOCKER_IMAGE = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const EMPTY_JSON = 'application/vnd.oci.empty.v1+json';

export function digestOf(content: Uint8Array | string, algorithm: Algorithm = 'sha256'): string {
  return `${algorithm}:${hash(algorithm, content, 'hex')}`;
}

/** Bytes that look like none other, the same at each run. */
export function bytes(length: number, seed = 1): Buffer {
  const result = Buffer.alloc(length);
  let state = seed * 2_654_435_761 + 1;
  for (let position = 0; position < length; position += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    result[position] = state >>> 24;
  }
  return result;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly [more: string]: unknown;
}

export function descriptor(
  content: Uint8Array | string,
  mediaType: string,
  more: Readonly<Record<string, unknown>> = {},
  algorithm: Algorithm = 'sha256',
): Descriptor {
  return {
    mediaType,
    digest: digestOf(content, algorithm),
    size: Buffer.byteLength(content),
    ...more,
  };
}

/** The path and query of a Location or Link, absolute or not. */
export function targetOf(location: string | undefined): string {
  if (location === undefined) throw new Error('the answer has no location');
  const { pathname, search } = new URL(location, 'http://registry.test:5000');
  return pathname + search;
}

/** Adds a parameter to a Location, which may carry some already. */
export function withQuery(location: string | undefined, name: string, value: string): string {
  const target = targetOf(location);
  return `${target}${target.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(value)}`;
}

function mustBe(answer: Answer, status: number): Answer {
  if (answer.status !== status) throw new Error(`expected ${status}, got ${answer.status}: ${answer.text}`);
  return answer;
}

/** Pushes a blob with one POST. @returns its digest */
export async function pushBlob(
  door: FrontDoor,
  repository: string,
  content: Uint8Array | string,
  { token, algorithm = 'sha256' }: { token?: string | undefined; algorithm?: Algorithm } = {},
): Promise<string> {
  const digest = digestOf(content, algorithm);
  const target = `/v2/${repository}/blobs/uploads/?digest=${digest}`;
  mustBe(await door.send('POST', target, { body: content, token }), 201);
  return digest;
}

/** Begins an upload. @returns its Location as a target */
export async function startUpload(
  door: FrontDoor,
  repository: string,
  sent: Sent = {},
  query = '',
): Promise<string> {
  const answer = mustBe(await door.send('POST', `/v2/${repository}/blobs/uploads/${query}`, sent), 202);
  return targetOf(answer.headers['location']);
}

export async function putManifest(
  door: FrontDoor,
  repository: string,
  reference: string,
  manifest: unknown,
  { token, type }: { token?: string | undefined; type?: string } = {},
): Promise<Answer> {
  const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
  const inside = (JSON.parse(text) as { mediaType?: string }).mediaType;
  return door.send('PUT', `/v2/${repository}/manifests/${reference}`, {
    body: text,
    token,
    headers: { 'content-type': type ?? inside },
  });
}

/** An image whose parts were pushed. */
export interface PushedImage {
  readonly text: string;
  readonly digest: string;
  readonly descriptor: Descriptor;
  readonly config: string;
  readonly layer: string;
}

/** Pushes a small image under a tag. */
export async function pushImage(
  door: FrontDoor,
  repository: string,
  tag: string,
  {
    token,
    algorithm = 'sha256',
    seed = 1,
    more = {},
  }: {
    token?: string | undefined;
    algorithm?: Algorithm;
    seed?: number;
    more?: Readonly<Record<string, unknown>>;
  } = {},
): Promise<PushedImage> {
  const configText = JSON.stringify({ architecture: 'amd64', os: 'linux', seed });
  const layerBytes = bytes(2_000, seed);
  const config = await pushBlob(door, repository, configText, { token, algorithm });
  const layer = await pushBlob(door, repository, layerBytes, { token, algorithm });
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_IMAGE,
    config: descriptor(configText, OCI_CONFIG, {}, algorithm),
    layers: [descriptor(layerBytes, OCI_LAYER, {}, algorithm)],
    ...more,
  });
  mustBe(await putManifest(door, repository, tag, text, { token }), 201);
  return {
    text,
    digest: digestOf(text, algorithm),
    descriptor: descriptor(text, OCI_IMAGE, {}, algorithm),
    config,
    layer,
  };
}
