import type { Digest } from '../oci/digest.ts';
import type { Counter, Metrics } from '../ports.ts';

const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Manifests' bytes that were read lately. They never change under their digest; whether anybody may see them is
 * asked of the index each time, so that the cache never grants anything (CVE-2026-35172).
 */
export class ManifestCache {
  readonly #bytes = new Map<Digest, Uint8Array>();
  #totalBytes = 0;
  readonly #requests: readonly Counter[];
  readonly #hits: readonly Counter[];
  readonly #misses: Counter;

  constructor(metrics: Metrics) {
    const ofType = (type: string) => metrics.counter('registry_storage_cache_total', { type });
    this.#requests = [ofType('Request'), metrics.counter('registry_storage_cache_requests_total', {})];
    this.#hits = [ofType('Hit'), metrics.counter('registry_storage_cache_hits_total', {})];
    this.#misses = ofType('Miss');
    metrics.counter('registry_storage_cache_errors_total', {});
  }

  get(digest: Digest): Uint8Array | undefined {
    const bytes = this.#bytes.get(digest);
    for (const counter of this.#requests) counter.add();
    if (bytes === undefined) {
      this.#misses.add();
      return undefined;
    }
    for (const counter of this.#hits) counter.add();
    // A Map keeps its entries in the order of insertion: the first one is the one that was unused longest.
    this.#bytes.delete(digest);
    this.#bytes.set(digest, bytes);
    return bytes;
  }

  set(digest: Digest, bytes: Uint8Array): void {
    if (this.#bytes.has(digest)) return;
    this.#bytes.set(digest, bytes);
    this.#totalBytes += bytes.byteLength;
    for (const [oldest, { byteLength }] of this.#bytes) {
      if (this.#totalBytes <= MAX_BYTES) return;
      this.#bytes.delete(oldest);
      this.#totalBytes -= byteLength;
    }
  }
}
