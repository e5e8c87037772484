import { RegistryError } from '../errors.ts';
import type { Index } from '../index/index.ts';
import type { Digest } from '../oci/digest.ts';
import type { Precondition } from '../oci/precondition.ts';
import type { Reference, RepositoryName, Tag } from '../oci/reference.ts';
import type { Clock } from '../ports.ts';
import { preconditionFailed } from './precondition-failed.ts';
import type { RepositoryLimits } from './repository-limits.ts';

/**
 * All removals that clients can ask for, behind the one switch that allows them: a switch that one of them forgot
 * was CVE-2026-41888.
 */
export class Removal {
  readonly #index: Index;
  readonly #clock: Clock;
  readonly #limits: RepositoryLimits;
  readonly #isEnabled: boolean;

  constructor(deps: { index: Index; clock: Clock; limits: RepositoryLimits; isEnabled: boolean }) {
    this.#limits = deps.limits;
    this.#index = deps.index;
    this.#clock = deps.clock;
    this.#isEnabled = deps.isEnabled;
  }

  /**
   * By tag: the tag alone. By digest: the manifest and every tag that points to it.
   * @throws RegistryError UNSUPPORTED, MANIFEST_UNKNOWN, PRECONDITION_FAILED, TAG_IMMUTABLE
   */
  async manifest(
    repository: RepositoryName,
    reference: Reference,
    actor: string,
    precondition: Precondition = {},
  ): Promise<void> {
    this.#assertEnabled();
    const now = this.#clock.now();
    if (reference.kind === 'tag') await this.#assertMutable(repository, reference.tag);
    const removed = await (reference.kind === 'tag'
      ? this.#index.tags.remove(repository, reference.tag, actor, now, precondition)
      : this.#index.manifests.remove(
          repository,
          reference.digest,
          actor,
          now,
          precondition,
          this.#limits.immutablePatterns(repository),
        ));
    if (removed === 'changed') throw preconditionFailed(reference);
    if (typeof removed === 'object') throw this.#limits.refusal(repository, removed, 'removal');
    if (!removed) throw new RegistryError('MANIFEST_UNKNOWN');
  }

  /**
   * Takes the blob out of the repository.
   * @throws RegistryError UNSUPPORTED, BLOB_UNKNOWN, TAG_IMMUTABLE
   */
  async blob(repository: RepositoryName, digest: Digest, actor = ''): Promise<void> {
    this.#assertEnabled();
    const patterns = this.#limits.immutablePatterns(repository);
    const by = { actor, atMs: this.#clock.now() };
    const removed = await this.#index.blobs.unlink(repository, digest, patterns, by);
    if (typeof removed === 'object') throw this.#limits.refusal(repository, removed, 'removal');
    if (!removed) throw new RegistryError('BLOB_UNKNOWN');
  }

  /** No transaction is needed: such a tag is never removed, wherever it points. */
  async #assertMutable(repository: RepositoryName, tag: Tag): Promise<void> {
    if (this.#limits.immutableAmong(repository, [tag]).length === 0) return;
    const manifest = await this.#index.manifests.findByTag(repository, tag);
    if (manifest === undefined) throw new RegistryError('MANIFEST_UNKNOWN');
    const { digest } = manifest;
    throw this.#limits.refusal(repository, { outcome: 'immutable', tag, digest }, 'removal');
  }

  #assertEnabled(): void {
    if (this.#isEnabled) return;
    throw new RegistryError('UNSUPPORTED', {
      message: 'deleting is switched off in this registry; storage.delete.enabled switches it on',
    });
  }
}
