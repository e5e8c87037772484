import { RegistryError } from '../errors.ts';
import type { Descriptor, Platform } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Manifest } from '../oci/manifest.ts';

/** What a manifest must fulfil beyond its own grammar to be taken (distribution's `validation.manifests`). */
export interface ManifestRules {
  /** Whose children of an index must be in the repository: all, none, or those of certain platforms. */
  readonly platforms: 'all' | 'none' | readonly Platform[];
  /** Whether config and layers of an image must be in the repository. */
  readonly blobs: 'all' | 'none';
  /** Whether layers may have this address. The registry itself never fetches one. */
  readonly isAllowedUrl: (url: string) => boolean;
}

/** Everything must be there but what is never pushed; layers may have any address. */
export const DEFAULT_RULES: ManifestRules = { platforms: 'all', blobs: 'all', isAllowedUrl: () => true };

/**
 * What a manifest names and may be pushed without. A child of an index that has no platform is of none that is in a
 * list.
 */
export function mayBeMissing({ platforms, blobs }: ManifestRules, manifest: Manifest): readonly Digest[] {
  const isNeeded = ({ platform }: Descriptor): boolean =>
    platforms === 'all' ||
    (platforms !== 'none' &&
      platforms.some(
        ({ os, architecture }) => os === platform?.os && architecture === platform.architecture,
      ));
  const children = manifest.manifests.filter((child) => !isNeeded(child));
  return [...children, ...(blobs === 'none' ? manifest.blobs : [])].map(({ digest }) => digest);
}

/** @throws RegistryError MANIFEST_INVALID where a layer has an address that is not allowed */
export function checkUrls({ isAllowedUrl }: ManifestRules, manifest: Manifest): void {
  for (const { digest, urls } of [...manifest.blobs, ...manifest.foreignBlobs]) {
    for (const url of urls) {
      if (isHttp(url) && isAllowedUrl(url)) continue;
      throw new RegistryError('MANIFEST_INVALID', {
        message: `the layer ${digest} has the address ${JSON.stringify(url.slice(0, 200))}, which this registry does not allow`,
        detail: { digest },
      });
    }
  }
}

/** As distribution: no other scheme, and no fragment. */
function isHttp(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && url.hash === '';
}
