import { isRecord } from './descriptor.ts';

/** The members of a descriptor, in the order of image-spec's Go structure. */
const MEMBERS = ['mediaType', 'digest', 'size', 'urls', 'annotations', 'data', 'platform', 'artifactType'];

function plain(descriptor: unknown): Record<string, unknown>[] {
  if (!isRecord(descriptor)) return [];
  const known = MEMBERS.filter((member) => descriptor[member] !== undefined && descriptor[member] !== null);
  return [Object.fromEntries(known.map((member) => [member, descriptor[member]]))];
}

/**
 * What a stored manifest refers to, as descriptors: the config and the layers of an image, the manifests of an index,
 * the blobs of an artifact (distribution, `Manifest.References`).
 */
export function referencesOf(bytes: Uint8Array): readonly Record<string, unknown>[] {
  const document: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  if (!isRecord(document)) return [];
  const lists = [document['layers'], document['manifests'], document['blobs']].filter(Array.isArray);
  return [document['config'], ...lists.flat()].flatMap(plain);
}
