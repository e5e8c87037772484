import { isRecord } from './descriptor.ts';
import { MediaType, SCHEMA_1_TYPES } from './media-types.ts';

/**
 * The media type of a manifest that was kept without its Content-Type: its own `mediaType`, or else what its members
 * tell, as distribution infers it (registry/storage/manifeststore.go).
 * @returns undefined where nothing tells
 */
export function storedManifestType(bytes: Uint8Array): string | 'schema-1' | undefined {
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
  if (!isRecord(document)) return undefined;
  const own = document['mediaType'];
  if (document['schemaVersion'] === 1 || (typeof own === 'string' && SCHEMA_1_TYPES.has(own)))
    return 'schema-1';
  if (typeof own === 'string' && own !== '') return own;
  if (Array.isArray(document['manifests'])) return MediaType.ociIndex;
  return isRecord(document['config']) ? MediaType.ociImage : undefined;
}
