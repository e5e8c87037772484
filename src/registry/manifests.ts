import { RegistryError } from '../errors.ts';
import type { Index } from '../index/index.ts';
import type { ManifestRecord } from '../index/manifests.ts';
import { algorithmOf, type Digest, digestOf } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import type { Precondition } from '../oci/precondition.ts';
import type { Reference, RepositoryName, Tag } from '../oci/reference.ts';
import { type Clock, type Logger, type Metrics, NO_METRICS } from '../ports.ts';
import { HOLD_AGAIN_MS } from './blobs.ts';
import { ManifestCache } from './manifest-cache.ts';
import { checkUrls, type ManifestRules, mayBeMissing } from './manifest-rules.ts';
import { preconditionFailed } from './precondition-failed.ts';
import { notesOn } from './push-notes.ts';
import type { RepositoryLimits } from './repository-limits.ts';

/** A manifest with the bytes that were pushed. */
export interface StoredManifest extends ManifestRecord {
  readonly bytes: Uint8Array;
}

/** A manifest as a client sends it. */
export interface PushedManifest {
  readonly repository: RepositoryName;
  readonly reference: Reference;
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
  /** Set together with a reference that is a digest. */
  readonly tags?: readonly Tag[];
  /** Of the tags that are set, or of the manifest itself where there are none. */
  readonly precondition?: Precondition | undefined;
  /** Who pushes; empty where nobody logged in. */
  readonly actor: string;
}

/** What became of a push. */
export interface TakenManifest {
  readonly digest: Digest;
  readonly subject: Digest | undefined;
  /** Sentences for whoever pushed. */
  readonly notes: readonly string[];
}

function unknownManifest(reference: Reference, message?: string): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', {
    ...(message !== undefined && { message }),
    detail: reference.kind === 'tag' ? { tag: reference.tag } : { digest: reference.digest },
  });
}

/** Manifests of repositories: pushing and pulling them. */
export class Manifests {
  readonly #index: Index;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #rules: ManifestRules;
  readonly #cache: ManifestCache;
  readonly #limits: RepositoryLimits;

  constructor(deps: {
    index: Index;
    clock: Clock;
    log: Logger;
    manifestRules: ManifestRules;
    limits: RepositoryLimits;
    metrics?: Metrics;
  }) {
    this.#limits = deps.limits;
    this.#rules = deps.manifestRules;
    this.#cache = new ManifestCache(deps.metrics ?? NO_METRICS);
    this.#index = deps.index;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** @throws RegistryError MANIFEST_UNKNOWN */
  async find(repository: RepositoryName, reference: Reference): Promise<ManifestRecord> {
    const record = await (reference.kind === 'tag'
      ? this.#index.manifests.findByTag(repository, reference.tag)
      : this.#index.manifests.find(repository, reference.digest));
    if (record === undefined) throw await this.#unknown(repository, reference);
    return record;
  }

  /**
   * As `find`; a push of an index that lists the manifest since it is there will find it there, unless garbage
   * collection ran with a shorter grace time than the push took.
   * @throws RegistryError MANIFEST_UNKNOWN
   */
  async promise(repository: RepositoryName, reference: Reference): Promise<ManifestRecord> {
    const record = await this.find(repository, reference);
    // That it lost its tag a moment ago keeps it, too.
    if (reference.kind === 'tag') return record;
    const { digest } = record;
    const now = this.#clock.now();
    const { holds } = this.#index;
    const byTag = !this.#limits.hasRetention(repository);
    if (await holds.isManifestHeld(repository, digest, now - HOLD_AGAIN_MS, byTag)) return record;
    if (await holds.holdManifest(repository, digest, now)) return record;
    throw unknownManifest(reference);
  }

  async #unknown(repository: RepositoryName, reference: Reference): Promise<RegistryError> {
    const name = reference.kind === 'tag' ? reference.tag : reference.digest;
    return (await this.#index.integrity.isQuarantined(repository, 'manifest', name))
      ? unknownManifest(reference, 'this manifest was found damaged and set aside; push it again to mend it')
      : unknownManifest(reference);
  }

  /** @throws RegistryError MANIFEST_UNKNOWN */
  async read(repository: RepositoryName, reference: Reference): Promise<StoredManifest> {
    const record = await this.find(repository, reference);
    const cached = this.#cache.get(record.digest);
    if (cached !== undefined) return { ...record, bytes: cached };
    const bytes = await this.#index.manifests.read(record.digest);
    // Removed between the two questions.
    if (bytes === undefined) throw unknownManifest(reference);
    this.#assertWhole(repository, record.digest, bytes);
    this.#cache.set(record.digest, bytes);
    return { ...record, bytes };
  }

  /** Before the bytes are given to anybody, and kept in memory for all who ask later. */
  #assertWhole(repository: RepositoryName, digest: Digest, bytes: Uint8Array): void {
    if (digestOf(bytes, algorithmOf(digest)) === digest) return;
    this.#log.error('the bytes of a manifest are damaged; push it again to mend it', { repository, digest });
    throw new RegistryError('MANIFEST_UNKNOWN', {
      message: 'the bytes of this manifest are damaged; push it again to mend it',
      detail: { digest },
    });
  }

  /**
   * Stores a manifest once everything that it names is in the repository, and points the tags to it: all or nothing.
   * @throws RegistryError MANIFEST_TOO_LARGE, DIGEST_INVALID, MANIFEST_BLOB_UNKNOWN (one for each missing digest),
   *   MANIFEST_INVALID, PRECONDITION_FAILED, TAG_IMMUTABLE, QUOTA_EXCEEDED
   * @throws InvalidValueError kind `manifest`
   */
  async put(pushed: PushedManifest): Promise<TakenManifest> {
    const { repository, reference, bytes, actor, precondition } = pushed;
    if (bytes.byteLength > MAX_MANIFEST_BYTES) throw new RegistryError('MANIFEST_TOO_LARGE');
    const manifest = parseManifest(bytes, pushed.contentType);
    const digest = digestOf(bytes, reference.kind === 'digest' ? algorithmOf(reference.digest) : 'sha256');
    if (reference.kind === 'digest' && reference.digest !== digest) {
      throw new RegistryError('DIGEST_INVALID', {
        message: `the manifest received has the digest ${digest}, not ${reference.digest}`,
        detail: { received: digest, expected: reference.digest },
      });
    }
    checkUrls(this.#rules, manifest);
    const tags = reference.kind === 'tag' ? [reference.tag] : [...new Set(pushed.tags)];
    const result = await this.#index.manifests.put({
      repository,
      digest,
      bytes,
      manifest,
      tags,
      precondition,
      immutableTags: this.#limits.immutableAmong(repository, tags),
      limits: this.#limits.usageLimits(repository),
      mayBeMissing: mayBeMissing(this.#rules, manifest),
      actor,
      atMs: this.#clock.now(),
    });
    switch (result.outcome) {
      case 'missing':
        throw missing(result.digests);
      case 'changed':
        throw preconditionFailed(result.tag === undefined ? reference : { kind: 'tag', tag: result.tag });
      case 'immutable':
      case 'over-limit':
        throw this.#limits.refusal(repository, result);
      case 'stored':
        return {
          digest,
          subject: manifest.subject,
          notes: [...notesOn(manifest, tags), ...this.#limits.notesOn(repository, result.usage)],
        };
    }
  }
}

function missing(digests: readonly Digest[]): RegistryError {
  const [first, ...rest] = digests.map(
    (digest) =>
      new RegistryError('MANIFEST_BLOB_UNKNOWN', {
        message: `the manifest names ${digest}, which is not in the repository`,
        detail: { digest },
      }),
  );
  if (first === undefined) throw new Error('the index refused a manifest and named nothing that is missing');
  return new RegistryError('MANIFEST_BLOB_UNKNOWN', {
    message: first.message,
    detail: first.detail,
    siblings: rest,
  });
}
