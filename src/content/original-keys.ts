import { algorithmOf, type Digest } from '../oci/digest.ts';

/** Where distribution keeps everything, below its root directory (registry/storage/paths.go). */
export const ORIGINAL_ROOT = 'docker/registry/v2';

/** Below this are the bytes that registry:2 or registry:3 wrote. They are removed only where somebody asks. */
export const ORIGINAL_KEYS = `${ORIGINAL_ROOT}/blobs/`;

/** Where distribution keeps the bytes of a blob or a manifest, below its root directory. */
export function originalKey(digest: Digest): string {
  const algorithm = algorithmOf(digest);
  const hex = digest.slice(algorithm.length + 1);
  return `${ORIGINAL_KEYS}${algorithm}/${hex.slice(0, 2)}/${hex}/data`;
}

/** Whether a key is that of bytes which registry:2 or registry:3 wrote. */
export function isOriginalKey(key: string): boolean {
  return key.startsWith(ORIGINAL_KEYS);
}
