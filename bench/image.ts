import { createHash, randomBytes } from 'node:crypto';

/** Where the small image lies that the request rows ask for. */
export interface PushedImage {
  readonly repository: string;
  readonly tag: string;
  readonly layer: string;
  readonly token: string;
}

const MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json';

/** What docker sends with a manifest request. */
export const MANIFEST_ACCEPT = [
  MANIFEST_TYPE,
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
].join(', ');

function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function request(url: string, token: string, method: string, body: Uint8Array | string, type: string) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': type };
  const response = await fetch(url, {
    method,
    headers,
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
  if (!response.ok) throw new Error(`${method} ${url} → ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
  return response.headers.get('location') ?? '';
}

async function pushBlob(
  registry: string,
  repository: string,
  token: string,
  bytes: Uint8Array,
): Promise<string> {
  const digest = digestOf(bytes);
  const begin = `${registry}/v2/${repository}/blobs/uploads/`;
  const upload = new URL(await request(begin, token, 'POST', '', 'application/octet-stream'), registry);
  upload.searchParams.set('digest', digest);
  await request(upload.href, token, 'PUT', bytes, 'application/octet-stream');
  return digest;
}

/** Pushes an image of one small layer, with a manifest of about the usual size. */
export async function pushImage(port: number, repository: string, token: string): Promise<PushedImage> {
  const registry = `http://127.0.0.1:${port}`;
  const layerBytes = randomBytes(4096);
  const configBytes = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', id: repository }));
  const layer = await pushBlob(registry, repository, token, layerBytes);
  const config = await pushBlob(registry, repository, token, configBytes);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: {
      mediaType: 'application/vnd.docker.container.image.v1+json',
      size: configBytes.length,
      digest: config,
    },
    // Ten entries give the manifest the size of a usual one.
    layers: Array.from({ length: 10 }, () => ({
      mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
      size: layerBytes.length,
      digest: layer,
    })),
  });
  await request(`${registry}/v2/${repository}/manifests/latest`, token, 'PUT', manifest, MANIFEST_TYPE);
  return { repository, tag: 'latest', layer, token };
}
