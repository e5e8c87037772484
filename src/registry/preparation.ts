import type { Digest } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/reference.ts';

/**
 * What must be known before the registry is asked, while it takes over what another one left: nothing may look missing
 * only because its turn has not come. Each returns undefined where there is nothing to wait for.
 */
export interface Preparation {
  /** Before anything of this repository is asked for or changed. */
  repository(name: RepositoryName): Promise<void> | undefined;
  /**
   * Before a repository is looked for that holds this blob.
   * @param among the only ones that may be looked into
   */
  holder(digest: Digest, among: 'any' | readonly string[]): Promise<void> | undefined;
  /** Before repositories are listed. */
  names(): Promise<void> | undefined;
}
