import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openState } from '../src/cli/state.ts';
import { digestOf } from '../src/oci/digest.ts';
import { parseManifest } from '../src/oci/manifest.ts';
import { parseRepositoryName, parseTag } from '../src/oci/reference.ts';
import type { SideName } from './row.ts';
import type { Workspace } from './workspace.ts';

/** The tags of every repository. */
const TAGS = ['1.0', '1.1', '1.2', '2.0', 'latest'].map(parseTag);
/** So many transactions are asked for at once; the index commits them together. */
const AT_ONCE = 250;

const LAYER = Buffer.alloc(4096, 'layer');
const CONFIG = Buffer.from('{"architecture":"amd64","os":"linux"}');
const BLOBS = [CONFIG, LAYER];
const TYPE = 'application/vnd.docker.distribution.manifest.v2+json';
const MANIFEST = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: TYPE,
    config: {
      mediaType: 'application/vnd.docker.container.image.v1+json',
      size: CONFIG.length,
      digest: digestOf(CONFIG),
    },
    layers: [
      {
        mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
        size: LAYER.length,
        digest: digestOf(LAYER),
      },
    ],
  }),
);

/** The name of one of the repositories; their order is that of the numbers. */
export function repositoryName(number: number): string {
  return `team-${String(Math.floor(number / 100)).padStart(4, '0')}/app-${String(number % 100).padStart(2, '0')}`;
}

const seeded = new WeakMap<Workspace, Map<string, Promise<string>>>();

/**
 * A data folder with repositories of one small image under five tags, as if they had been pushed. It is made once a
 * run, and goes with the workspace.
 */
export function seededFolder(workspace: Workspace, side: SideName, repositories: number): Promise<string> {
  const known = seeded.get(workspace) ?? new Map<string, Promise<string>>();
  seeded.set(workspace, known);
  const name = `${side}-${repositories}`;
  const found = known.get(name);
  if (found !== undefined) return found;
  const folder = workspace.folder(name);
  const made = seed(side, folder, repositories).then(() => folder);
  known.set(name, made);
  return made;
}

async function seed(side: SideName, folder: string, repositories: number): Promise<void> {
  if (side === 'berth') await seedBerth(folder, repositories);
  else seedRegistry(folder, repositories);
}

/** Through the index itself: whole transactions, without a server around them. */
async function seedBerth(folder: string, repositories: number): Promise<void> {
  const { index, content } = await openState(folder);
  const names = Array.from({ length: repositories }, (_, n) => parseRepositoryName(repositoryName(n)));
  const atMs = Date.now();
  try {
    const [first] = names;
    if (first === undefined) return;
    for (const bytes of BLOBS) {
      const key = content.newKey();
      const writer = content.write(key);
      await writer.append(bytes);
      await writer.flush();
      await writer.close();
      await index.uploads.create({ id: key, repository: first, key, atMs });
      const blob = { digest: digestOf(bytes), key, sizeBytes: bytes.length };
      await index.blobs.commit({ uploadId: key, repository: first, ...blob, atMs });
    }
    const manifest = { digest: digestOf(MANIFEST), bytes: MANIFEST, manifest: parseManifest(MANIFEST, TYPE) };
    for (let from = 0; from < repositories; from += AT_ONCE) {
      const steps = names.slice(from, from + AT_ONCE).map(async (repository) => {
        await Promise.all(BLOBS.map((bytes) => index.blobs.mount(repository, digestOf(bytes), first, atMs)));
        await index.manifests.put({ repository, ...manifest, tags: TAGS, actor: 'bench', atMs });
      });
      await Promise.all(steps);
    }
  } finally {
    await index.close();
  }
}

/**
 * registry:2's layout, file by file (distribution, registry/storage/paths.go), save the tags' history: no list reads
 * it, and it would be half of all files.
 */
function seedRegistry(folder: string, repositories: number): void {
  const root = join(folder, 'docker/registry/v2');
  const write = (path: string, bytes: Uint8Array | string): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), bytes);
  };
  const pathOf = (digest: string): string => digest.replace(':', '/');
  const manifest = digestOf(MANIFEST);
  for (const bytes of [...BLOBS, MANIFEST]) {
    const hex = digestOf(bytes).slice('sha256:'.length);
    write(`blobs/sha256/${hex.slice(0, 2)}/${hex}/data`, bytes);
  }
  for (let number = 0; number < repositories; number += 1) {
    const repository = `repositories/${repositoryName(number)}`;
    for (const bytes of BLOBS)
      write(`${repository}/_layers/${pathOf(digestOf(bytes))}/link`, digestOf(bytes));
    write(`${repository}/_manifests/revisions/${pathOf(manifest)}/link`, manifest);
    for (const tag of TAGS) {
      write(`${repository}/_manifests/tags/${tag}/current/link`, manifest);
    }
  }
}
