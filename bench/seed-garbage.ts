import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openState } from '../src/cli/state.ts';
import { digestOf } from '../src/oci/digest.ts';
import { parseManifest } from '../src/oci/manifest.ts';
import { parseRepositoryName, parseTag } from '../src/oci/reference.ts';
import { repositoryName } from './seed.ts';

/** Content for a collection: small blobs in many repositories, and a tenth of them that nothing names. */
export interface GarbageShape {
  readonly blobs: number;
  readonly repositories: number;
}

const TYPE = 'application/vnd.docker.distribution.manifest.v2+json';
/** So many transactions are asked for at once; the index commits them together. */
const AT_ONCE = 200;
/** Long enough ago for every grace time. */
const DAYS_AGO_MS = 10 * 86_400_000;

interface Repository {
  readonly name: string;
  readonly named: readonly Buffer[];
  readonly garbage: readonly Buffer[];
  readonly manifest: Buffer;
}

/** The same content at each call, so that both sides have it. */
function* repositoriesOf({ blobs, repositories }: GarbageShape): Generator<Repository> {
  const each = blobs / repositories;
  for (let number = 0; number < repositories; number += 1) {
    const name = repositoryName(number);
    const all = Array.from({ length: each }, (_, blob) => Buffer.from(`${name} ${blob}\n`));
    const garbage = all.slice(0, each / 10);
    const named = all.slice(each / 10);
    const layer = (bytes: Buffer) => ({
      mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
      size: bytes.length,
      digest: digestOf(bytes),
    });
    const [config, ...layers] = named.map(layer);
    const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: TYPE, config, layers }));
    yield { name, named, garbage, manifest };
  }
}

/** Through the index and the store themselves, without a server around them. */
export async function seedBerthGarbage(folder: string, shape: GarbageShape): Promise<void> {
  const { index, content } = await openState(folder);
  const atMs = Date.now() - DAYS_AGO_MS;
  let waiting: Promise<unknown>[] = [];
  const settle = async (): Promise<void> => {
    await Promise.all(waiting);
    waiting = [];
  };
  try {
    for (const { name, named, garbage, manifest } of repositoriesOf(shape)) {
      const repository = parseRepositoryName(name);
      for (const bytes of [...named, ...garbage]) {
        const key = content.newKey();
        // Synced writes of 100,000 files would take the time of all other rows together.
        const file = join(folder, key);
        mkdirSync(join(file, '..'), { recursive: true });
        writeFileSync(file, bytes);
        const push = async (): Promise<void> => {
          await index.uploads.create({ id: key, repository, key, atMs });
          const blob = { digest: digestOf(bytes), key, sizeBytes: bytes.length };
          await index.blobs.commit({ uploadId: key, repository, ...blob, atMs });
        };
        waiting.push(push());
        if (waiting.length >= AT_ONCE) await settle();
      }
      await settle();
      const received = {
        digest: digestOf(manifest),
        bytes: manifest,
        manifest: parseManifest(manifest, TYPE),
      };
      await index.manifests.put({
        repository,
        ...received,
        tags: [parseTag('latest')],
        actor: 'bench',
        atMs,
      });
    }
  } finally {
    await index.close();
  }
}

/** registry:2's layout, file by file (distribution, registry/storage/paths.go). */
export function seedRegistryGarbage(folder: string, shape: GarbageShape): void {
  const root = join(folder, 'docker/registry/v2');
  const write = (path: string, bytes: Uint8Array | string): void => {
    const file = join(root, path);
    if (!existsSync(join(file, '..'))) mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, bytes);
  };
  for (const { name, named, garbage, manifest } of repositoriesOf(shape)) {
    for (const bytes of [...named, ...garbage, manifest]) {
      const digest = digestOf(bytes);
      const hex = digest.slice('sha256:'.length);
      write(`blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, bytes);
      if (bytes !== manifest) write(`repositories/${name}/_layers/sha256/${hex}/link`, digest);
    }
    const digest = digestOf(manifest);
    const hex = digest.slice('sha256:'.length);
    const manifests = `repositories/${name}/_manifests`;
    write(`${manifests}/revisions/sha256/${hex}/link`, digest);
    write(`${manifests}/tags/latest/current/link`, digest);
    write(`${manifests}/tags/latest/index/sha256/${hex}/link`, digest);
  }
}
