import { ORIGINAL_ROOT } from '../../content/original-keys.ts';
import type { OriginalFile, TakeOverFinding } from '../../index/takeover.ts';
import { isDigest } from '../../oci/digest.ts';
import { AT_ONCE, batches, foldersOf, noteOdd, type Reading } from './read-links.ts';

const BATCH = 200;

/** What a part of the walk came upon. */
export interface WalkedFiles {
  readonly files: readonly OriginalFile[];
  readonly findings: readonly TakeOverFinding[];
}

/** The file in the folder of a digest. */
async function fileIn(
  { tree, found }: Reading,
  folder: string,
  digest: string,
): Promise<OriginalFile | undefined> {
  if (!isDigest(digest)) {
    found.add('foreign', folder);
    return undefined;
  }
  let file: OriginalFile | undefined;
  for (const entry of (await found.orNote(tree.list(folder))) ?? []) {
    if (entry.name !== 'data') {
      noteOdd(found, folder, entry);
      continue;
    }
    const path = `${folder}/data`;
    const sizeBytes = await found.orNote(tree.sizeBytes(path));
    if (sizeBytes !== undefined) file = { digest, key: `${ORIGINAL_ROOT}/${path}`, sizeBytes };
  }
  return file;
}

/** Every file with the bytes of a blob or a manifest, in parts, so that none is forgotten when space is freed. */
export async function* walkFiles(reading: Reading): AsyncGenerator<WalkedFiles> {
  let files: OriginalFile[] = [];
  for (const algorithm of await foldersOf(reading, 'blobs')) {
    const ofAlgorithm = `blobs/${algorithm.name}`;
    for (const beginning of await foldersOf(reading, ofAlgorithm)) {
      const folder = `${ofAlgorithm}/${beginning.name}`;
      for (const some of batches(await foldersOf(reading, folder), AT_ONCE)) {
        const read = await Promise.all(
          some.map(({ name }) => {
            const digest = name.startsWith(beginning.name) ? `${algorithm.name}:${name}` : '';
            return fileIn(reading, `${folder}/${name}`, digest);
          }),
        );
        files.push(...read.filter((file) => file !== undefined));
        if (files.length < BATCH) continue;
        yield { files, findings: reading.found.take() };
        files = [];
      }
    }
  }
  yield { files, findings: reading.found.take() };
}
