import type { ContentStore } from '../../content/content-store.ts';
import { isOriginalKey, originalKey } from '../../content/original-keys.ts';
import type { BlobIndex } from '../../index/blobs.ts';
import type { OriginalBlob, OriginalFile } from '../../index/takeover.ts';
import { algorithmOf, type Digest, Digester } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { Link, Reading } from './read-links.ts';
import { pathOfKey } from './read-manifest.ts';

/** What is needed to tell what became of a blob. */
export interface BlobReading extends Reading {
  readonly blobs: BlobIndex;
  readonly content: ContentStore;
  readonly repository: RepositoryName;
  /** What manifests say of the blobs' sizes. */
  readonly expected: ReadonlyMap<Digest, number>;
}

interface ReadBlob {
  readonly blob: OriginalBlob;
  readonly file: OriginalFile | undefined;
}

async function isIntact(content: ContentStore, key: string, digest: Digest): Promise<boolean> {
  const stream = await content.read(key);
  if (stream === undefined) return false;
  const digester = new Digester(algorithmOf(digest));
  try {
    for (;;) {
      const piece = await stream.next();
      if (piece === undefined) return digester.digest() === digest;
      digester.update(piece);
    }
  } finally {
    await stream.close();
  }
}

/** Whether somebody pushed the blob here since. */
async function isMended({ blobs, repository }: BlobReading, digest: Digest): Promise<boolean> {
  const blob = await blobs.find(repository, digest);
  return blob !== undefined && !isOriginalKey(blob.key);
}

/**
 * Looks at the bytes that a layer link stands for, but not into them: only where a manifest tells another size than
 * they have, a hash decides which of the two is wrong. A blob whose bytes are gone or damaged is taken over too where
 * its size is known: the next push then mends it wherever it is.
 */
export async function readBlob(reading: BlobReading, link: Link): Promise<ReadBlob | undefined> {
  const { tree, found, content, expected } = reading;
  const { digest, atMs } = link;
  const key = originalKey(digest);
  const path = pathOfKey(key);
  const wanted = expected.get(digest);
  const sizeBytes = await found.orFault(tree.sizeBytes(path));
  if (sizeBytes === 'fault') return undefined;
  if (sizeBytes !== undefined && (wanted === undefined ? sizeBytes > 0 : wanted === sizeBytes)) {
    return whole({ digest, key, sizeBytes, atMs });
  }
  if (await isMended(reading, digest)) return undefined;
  if (sizeBytes === undefined) {
    found.add('missing-blob', link.path, digest);
  } else if (await isIntact(content, key, digest)) {
    if (wanted !== undefined) found.add('wrong-size', link.path, `${wanted} told, ${sizeBytes} are right`);
    return whole({ digest, key, sizeBytes, atMs });
  } else {
    found.add('damaged-blob', path, `${sizeBytes} of ${wanted ?? 'an unknown number of'} bytes`);
  }
  if (wanted === undefined) return undefined;
  return {
    // Bytes that were changed and not cut short may have the right size, and must not look whole.
    blob: { digest, key, sizeBytes: wanted, atMs, isDamaged: true },
    file: sizeBytes === undefined ? undefined : { digest, key, sizeBytes },
  };
}

function whole({ digest, key, sizeBytes, atMs }: Omit<OriginalBlob, 'isDamaged'>): ReadBlob {
  return {
    blob: { digest, key, sizeBytes, atMs, isDamaged: false },
    file: { digest, key, sizeBytes },
  };
}
