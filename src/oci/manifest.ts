import {
  byLowerCase,
  type Descriptor,
  isRecord,
  isTextRecord,
  parseDescriptor,
  refuseOtherCase,
} from './descriptor.ts';
import type { Digest } from './digest.ts';
import { InvalidValueError, quoted } from './invalid.ts';
import { isNonDistributable, MANIFEST_TYPES, manifestKind, SCHEMA_1_TYPES } from './media-types.ts';

/** The largest manifest that is accepted (distribution-spec: "a limit of at least 4 MiB"). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** What the registry needs to know of a manifest. Its bytes are kept apart, exactly as they were received. */
export interface Manifest {
  readonly mediaType: string;
  /** Config, layers and artifact blobs that must be in the repository. */
  readonly blobs: readonly Descriptor[];
  /** Layers that need not be in the repository, since clients get them elsewhere; they may be all the same. */
  readonly foreignBlobs: readonly Descriptor[];
  /** Children of an index. */
  readonly manifests: readonly Descriptor[];
  readonly subject: Digest | undefined;
  /** What the referrers API reports and filters by: `artifactType`, or an image's `config.mediaType`. */
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

const MEMBERS = byLowerCase([
  'schemaVersion',
  'mediaType',
  'artifactType',
  'config',
  'layers',
  'fsLayers',
  'blobs',
  'manifests',
  'subject',
  'annotations',
]);

function fail(message: string): never {
  throw new InvalidValueError('manifest', message);
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    return fail(`the manifest is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isRecord(value)) return fail('the manifest must be a JSON object');
  refuseOtherCase(value, MEMBERS, 'the manifest');
  return value;
}

function mediaTypeOf(document: Record<string, unknown>, contentType: string | undefined): string {
  const declared = contentType?.split(';', 1)[0]?.trim().toLowerCase() || undefined;
  const inside = document['mediaType'] || undefined;
  if (inside !== undefined && typeof inside !== 'string') return fail('mediaType must be a text');
  if (SCHEMA_1_TYPES.has(inside ?? declared ?? '') || document['schemaVersion'] === 1) {
    return fail(
      'this is a Docker schema 1 manifest, which is no longer accepted: pull the image with a current docker or skopeo and push it again',
    );
  }
  // A type that differs between header and body lets one document be read in two ways (CVE-2021-41190).
  if (declared !== undefined && inside !== undefined && declared !== inside) {
    return fail(`the Content-Type is ${quoted(declared)} but the manifest's mediaType is ${quoted(inside)}`);
  }
  return (
    inside ?? declared ?? fail('the manifest has no mediaType and the request no Content-Type; give either')
  );
}

function descriptors(document: Record<string, unknown>, key: string): Descriptor[] {
  const list = document[key];
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) return fail(`${key} must be a list of descriptors`);
  return list.map((entry, position) => parseDescriptor(entry, `${key}[${position}]`));
}

function optionalText(document: Record<string, unknown>, key: string): string | undefined {
  const value = document[key];
  if (value === undefined || value === null || value === '') return undefined;
  return typeof value === 'string' ? value : fail(`${key} must be a text`);
}

function annotationsOf(document: Record<string, unknown>): Record<string, string> | undefined {
  const value = document['annotations'];
  if (value === undefined || value === null) return undefined;
  return isTextRecord(value) ? value : fail('annotations must be an object whose values are texts');
}

function refuse(document: Record<string, unknown>, keys: readonly string[], role: string): void {
  for (const key of keys) {
    const value = document[key];
    if (value !== undefined && value !== null) fail(`${role} must not have ${quoted(key)}`);
  }
}

/**
 * Reads a manifest: Docker schema 2 and list, OCI image, index and artifact (image-spec 1.1).
 * @param contentType the request's Content-Type; it must equal the manifest's own `mediaType` where both are given
 * @throws InvalidValueError kind `manifest`, with a message that names the place in the document
 */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined): Manifest {
  const document = parseJson(bytes);
  const mediaType = mediaTypeOf(document, contentType);
  const kind = manifestKind(mediaType);
  if (kind === undefined) {
    return fail(
      `${quoted(mediaType)} is not a manifest media type; these are accepted: ${MANIFEST_TYPES.join(', ')}`,
    );
  }
  if (kind !== 'artifact' && document['schemaVersion'] !== 2) fail('schemaVersion must be 2');
  const artifactType = optionalText(document, 'artifactType');
  const subject = document['subject'];
  const common = {
    mediaType,
    subject:
      subject === undefined || subject === null ? undefined : parseDescriptor(subject, 'subject').digest,
    annotations: annotationsOf(document),
  };
  if (kind === 'index') {
    refuse(document, ['config', 'layers', 'fsLayers', 'blobs'], 'an index');
    return {
      ...common,
      artifactType,
      blobs: [],
      foreignBlobs: [],
      manifests: descriptors(document, 'manifests'),
    };
  }
  if (kind === 'artifact') {
    refuse(document, ['config', 'layers', 'fsLayers', 'manifests'], 'an artifact manifest');
    return {
      ...common,
      artifactType,
      blobs: descriptors(document, 'blobs'),
      foreignBlobs: [],
      manifests: [],
    };
  }
  refuse(document, ['manifests', 'fsLayers', 'blobs'], 'an image manifest');
  const config = parseDescriptor(document['config'], 'config');
  const layers = descriptors(document, 'layers');
  const isForeign = (layer: Descriptor): boolean => isNonDistributable(layer.mediaType);
  return {
    ...common,
    artifactType: artifactType ?? config.mediaType,
    blobs: [config, ...layers.filter((layer) => !isForeign(layer))],
    foreignBlobs: layers.filter(isForeign),
    manifests: [],
  };
}
