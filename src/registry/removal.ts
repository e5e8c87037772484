import { RegistryError } from '../errors.ts';
import type { Index } from '../index/index.ts';
import type { Digest } from '../oci/digest.ts';
import type { Precondition } from '../oci/precondition.ts';
import type { Reference, RepositoryName } from '../oci/reference.ts';
import type { Clock } from '../ports.ts';
import { preconditionFailed } from './precondition-failed.ts';

/**
 * All removals that clients can ask for, behind the one switch that allows them: a switch that one of them forgot
 * was CVE-2026-41888.
 */
export class Removal {
  readonly #index: Index;
  readonly #clock: Clock;
  readonly #isEnabled: boolean;

  constructor(deps: { index: Index; clock: Clock; isEnabled: boolean }) {
    this.#index = deps.index;
    this.#clock = deps.clock;
    this.#isEnabled = deps.isEnabled;
  }

  /**
   * By tag: the tag alone. By digest: the manifest and every tag that points to it.
   * @throws RegistryError UNSUPPORTED, MANIFEST_UNKNOWN, PRECONDITION_FAILED
   */
  async manifest(
    repository: RepositoryName,
    reference: Reference,
    actor: string,
    precondition: Precondition = {},
  ): Promise<void> {
    this.#assertEnabled();
    const now = this.#clock.now();
    const removed = await (reference.kind === 'tag'
      ? this.#index.tags.remove(repository, reference.tag, actor, now, precondition)
      : this.#index.manifests.remove(repository, reference.digest, actor, now, precondition));
    if (removed === 'changed') throw preconditionFailed(reference);
    if (!removed) throw new RegistryError('MANIFEST_UNKNOWN');
  }

  /**
   * Takes the blob out of the repository.
   * @throws RegistryError UNSUPPORTED, BLOB_UNKNOWN
   */
  async blob(repository: RepositoryName, digest: Digest, actor = ''): Promise<void> {
    this.#assertEnabled();
    const by = { actor, atMs: this.#clock.now() };
    if (!(await this.#index.blobs.unlink(repository, digest, by))) throw new RegistryError('BLOB_UNKNOWN');
  }

  #assertEnabled(): void {
    if (this.#isEnabled) return;
    throw new RegistryError('UNSUPPORTED', {
      message: 'deleting is switched off in this registry; storage.delete.enabled switches it on',
    });
  }
}
