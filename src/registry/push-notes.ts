import type { Manifest } from '../oci/manifest.ts';
import { MediaType, manifestKind } from '../oci/media-types.ts';
import type { Tag } from '../oci/reference.ts';
import { isReferrersTag } from '../oci/referrers-tag.ts';

/** What is worth telling whoever pushed a manifest that was taken. Each is one sentence. */
export function notesOn(manifest: Manifest, tags: readonly Tag[]): readonly string[] {
  const notes: string[] = [];
  if (manifest.mediaType === MediaType.ociArtifact) {
    notes.push(
      `${MediaType.ociArtifact} was dropped from the OCI image specification; push an image manifest with artifactType instead.`,
    );
  }
  if (manifest.foreignBlobs.length > 0) {
    notes.push(
      'Non-distributable layers are deprecated, and this registry does not hold them: pulls depend on the addresses in the manifest.',
    );
  }
  if (manifestKind(manifest.mediaType) === 'index' && tags.some(isReferrersTag)) {
    notes.push(
      'This registry has the referrers API and lists manifests by their subject; a referrers tag is not needed.',
    );
  }
  return notes;
}
