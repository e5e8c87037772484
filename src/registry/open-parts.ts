import type { ContentWriter } from '../content/content-store.ts';
import type { Digester } from '../oci/digest.ts';
import type { Clock, Logger } from '../ports.ts';

/** The part of an upload that this process is writing. */
export interface OpenPart {
  readonly writer: ContentWriter;
  /** Has seen every byte of the upload, or is undefined where other parts come before this one. */
  readonly digester: Digester | undefined;
}

/** Beyond so many, the parts that were idle longest are closed. */
const MAX_OPEN = 1_000;
const MAX_IDLE_MS = 10 * 60_000;

/**
 * The parts that stay open between the requests of an upload: a shortcut only. Where one is missing, the next
 * request begins a new part, and the finish reads everything once.
 */
export class OpenParts {
  readonly #kept = new Map<string, { part: OpenPart; sinceMs: number }>();
  readonly #clock: Clock;
  readonly #log: Logger;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  get size(): number {
    return this.#kept.size;
  }

  take(uploadId: string): OpenPart | undefined {
    const kept = this.#kept.get(uploadId);
    this.#kept.delete(uploadId);
    return kept?.part;
  }

  async keep(uploadId: string, part: OpenPart): Promise<void> {
    this.#kept.set(uploadId, { part, sinceMs: this.#clock.now() });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_OPEN && oldest !== undefined) await this.close(this.take(oldest));
  }

  /** Closes the part. A failure is worth a line in the log and no more: what was acknowledged was synced before. */
  async close(part: OpenPart | undefined): Promise<void> {
    await part?.writer.close().catch((error: unknown) => {
      this.#log.warn('could not close the file of an upload', { error });
    });
  }

  async closeIdle(): Promise<void> {
    const before = this.#clock.now() - MAX_IDLE_MS;
    const idle = [...this.#kept].filter(([, kept]) => kept.sinceMs < before);
    await Promise.all(idle.map(([id]) => this.close(this.take(id))));
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#kept.keys()].map((id) => this.close(this.take(id))));
  }
}
