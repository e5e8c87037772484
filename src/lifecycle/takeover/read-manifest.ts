import { ORIGINAL_ROOT, originalKey } from '../../content/original-keys.ts';
import type { OriginalFile, OriginalManifest } from '../../index/takeover.ts';
import { algorithmOf, digestOf } from '../../oci/digest.ts';
import { InvalidValueError } from '../../oci/invalid.ts';
import { MAX_MANIFEST_BYTES, type Manifest, parseManifest } from '../../oci/manifest.ts';
import { storedManifestType } from '../../oci/stored-manifest-type.ts';
import type { Link, Reading } from './read-links.ts';

/** Path of a key below `docker/registry/v2`. */
export function pathOfKey(key: string): string {
  return key.slice(ORIGINAL_ROOT.length + 1);
}

function parseStored(bytes: Uint8Array): Manifest | 'schema-1' | InvalidValueError {
  try {
    const type = storedManifestType(bytes);
    return type === 'schema-1' ? type : parseManifest(bytes, type);
  } catch (error) {
    if (error instanceof InvalidValueError) return error;
    throw error;
  }
}

/** Reads the manifest that a revision links to. What cannot be served is noted, and undefined. */
export async function readManifest(
  { tree, found }: Reading,
  { path, digest, atMs }: Link,
): Promise<{ manifest: OriginalManifest; file: OriginalFile } | undefined> {
  const key = originalKey(digest);
  const file = await found.orFault(tree.read(pathOfKey(key), MAX_MANIFEST_BYTES));
  if (file === 'fault') return undefined;
  if (file === undefined) {
    found.add('missing-manifest', path, digest);
    return undefined;
  }
  const { bytes, sizeBytes } = file;
  if (sizeBytes > MAX_MANIFEST_BYTES) {
    found.add('unsupported-manifest', path, `${digest} has ${sizeBytes} bytes`);
    return undefined;
  }
  if (digestOf(bytes, algorithmOf(digest)) !== digest) {
    found.add('damaged-manifest', pathOfKey(key), `${sizeBytes} bytes`);
    return undefined;
  }
  const manifest = parseStored(bytes);
  if (manifest === 'schema-1') found.add('schema-1', path, digest);
  else if (manifest instanceof InvalidValueError) {
    found.add('unsupported-manifest', path, `${digest}: ${manifest.message}`);
  } else return { manifest: { digest, bytes, manifest, atMs }, file: { digest, key, sizeBytes } };
  return undefined;
}
