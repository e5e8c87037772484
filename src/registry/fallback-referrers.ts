import type { Index } from '../index/index.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { InvalidValueError } from '../oci/invalid.ts';
import { parseManifest } from '../oci/manifest.ts';
import { manifestKind } from '../oci/media-types.ts';
import type { RepositoryName } from '../oci/reference.ts';
import { referrersTag } from '../oci/referrers-tag.ts';

const NONE: ReadonlyMap<Digest, Descriptor> = new Map();

/**
 * What clients that do not know the referrers API list as referrers of a digest, under its referrers tag; no more
 * than fits into one manifest. A registry "MUST include preexisting image manifests that are listed" there
 * (distribution-spec, "Enabling the Referrers API").
 */
export async function fallbackReferrers(
  index: Index,
  repository: RepositoryName,
  digest: Digest,
): Promise<ReadonlyMap<Digest, Descriptor>> {
  const record = await index.manifests.findByTag(repository, referrersTag(digest));
  if (record === undefined || manifestKind(record.mediaType) !== 'index') return NONE;
  const bytes = await index.manifests.read(record.digest);
  if (bytes === undefined) return NONE;
  try {
    const { manifests } = parseManifest(bytes, record.mediaType);
    return new Map(manifests.map((listed) => [listed.digest, listed]));
  } catch (error) {
    // Whoever wrote it, an earlier registry may have taken what this one would not.
    if (error instanceof InvalidValueError) return NONE;
    throw error;
  }
}
