import type { ContentStore } from '../../content/content-store.ts';
import type { BlobRecord } from '../../index/blobs.ts';
import type { IntegrityIndex } from '../../index/integrity.ts';
import { algorithmOf, Digester } from '../../oci/digest.ts';
import type { Throttle } from './throttle.ts';

/** A push of the same blob moves it, and removes what is being read. */
const ATTEMPTS = 5;

/** A blob as it was found, where something is wrong with it. */
export interface BlobProblem {
  readonly blob: BlobRecord;
  readonly reason: string;
  /** Two readings agree that something is wrong. */
  readonly isCertain: boolean;
}

export interface BlobChecker {
  readonly integrity: IntegrityIndex;
  readonly content: ContentStore;
  readonly throttle: Throttle;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads and hashes a blob. What looks damaged is read again, from wherever it is by then.
 * @returns undefined where it is whole, or gone
 */
export async function checkBlob(checker: BlobChecker, listed: BlobRecord): Promise<BlobProblem | undefined> {
  let blob = listed;
  let before: string | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const reason = await problemOf(checker, blob);
    if (reason === undefined) {
      if (before === undefined) return undefined;
      return {
        blob,
        reason: `it was read wrong once (${before}) and right the next time: suspect memory or disk`,
        isCertain: false,
      };
    }
    const current = await checker.integrity.blob(blob.digest);
    if (current === undefined) return undefined;
    if (current.key === blob.key) {
      if (before !== undefined) return { blob, reason, isCertain: true };
      before = reason;
    } else {
      blob = current;
      before = undefined;
    }
  }
  // Pushed again and again: each push was verified when it came.
  return undefined;
}

/** What is wrong with the bytes, as a clause. */
async function problemOf(
  { content, throttle, signal }: BlobChecker,
  { digest, key, sizeBytes }: BlobRecord,
): Promise<string | undefined> {
  const stored = await content.sizeBytes(key);
  if (stored === undefined) return 'its bytes are missing';
  if (stored !== sizeBytes) return `it has ${stored} bytes instead of ${sizeBytes}`;
  const digester = new Digester(algorithmOf(digest));
  const stream = await content.read(key);
  if (stream === undefined) return 'its bytes are missing';
  try {
    for (;;) {
      const piece = await stream.next().catch(unreadable);
      if (typeof piece === 'string') return piece;
      if (piece === undefined) break;
      digester.update(piece);
      await throttle.take(piece.byteLength, signal);
    }
  } finally {
    await stream.close();
  }
  const found = digester.digest();
  return found === digest ? undefined : `its bytes have the digest ${found}`;
}

/** A disk that cannot read, or bytes that end too early. Whatever else fails says nothing of the blob. */
function unreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (error instanceof Error && (code === undefined || code === 'EIO')) {
    return `it cannot be read: ${error.message}`;
  }
  throw error;
}
