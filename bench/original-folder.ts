import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryName } from './seed.ts';

const TYPE = 'application/vnd.docker.distribution.manifest.v2+json';
const CONFIG_TYPE = 'application/vnd.docker.container.image.v1+json';
const LAYER_TYPE = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

function digestOf(bytes: string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/**
 * A data folder as registry:2 writes it, file by file with the tags' history (distribution, registry/storage/paths.go):
 * repositories of one image, no two of which share a blob.
 * @param blobsEach blobs of each repository, its manifest aside
 */
export function seedOriginalFolder(folder: string, repositories: number, blobsEach: number): void {
  const root = join(folder, 'docker/registry/v2');
  const write = (path: string, bytes: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), bytes);
  };
  const pathOf = (digest: string): string => digest.replace(':', '/');
  const blob = (bytes: string, mediaType: string) => {
    const digest = digestOf(bytes);
    const hex = digest.slice('sha256:'.length);
    write(`blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, bytes);
    return { mediaType, size: Buffer.byteLength(bytes), digest };
  };
  for (let number = 0; number < repositories; number += 1) {
    const repository = `repositories/${repositoryName(number)}`;
    const config = blob(`{"architecture":"amd64","os":"linux","number":${number}}`, CONFIG_TYPE);
    const layers = Array.from({ length: blobsEach - 1 }, (_, n) =>
      blob(`layer ${n} of ${number} `.repeat(200), LAYER_TYPE),
    );
    for (const { digest } of [config, ...layers]) {
      write(`${repository}/_layers/${pathOf(digest)}/link`, digest);
    }
    const { digest } = blob(JSON.stringify({ schemaVersion: 2, mediaType: TYPE, config, layers }), TYPE);
    write(`${repository}/_manifests/revisions/${pathOf(digest)}/link`, digest);
    write(`${repository}/_manifests/tags/latest/index/${pathOf(digest)}/link`, digest);
    write(`${repository}/_manifests/tags/latest/current/link`, digest);
  }
}
