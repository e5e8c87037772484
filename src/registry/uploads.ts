import { randomUUID } from 'node:crypto';
import type { ContentStore } from '../content/content-store.ts';
import { ERRORS, RegistryError } from '../errors.ts';
import type { Index } from '../index/index.ts';
import { type UploadRecord, uploadOffset } from '../index/uploads.ts';
import { algorithmOf, type Digest, type DigestAlgorithm, Digester } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/reference.ts';
import type { Clock, Logger } from '../ports.ts';
import { type Announced, type Body, BodyInterrupted } from './body.ts';
import { type OpenPart, OpenParts } from './open-parts.ts';
import { copyInto, digestOfPart } from './pieces.ts';
import { checkAnnounced, receive } from './receive.ts';
import type { RepositoryLimits } from './repository-limits.ts';
import { type Hold, UploadLocks } from './upload-locks.ts';

/** How far an upload has come. */
export interface UploadStatus {
  readonly id: string;
  readonly offsetBytes: number;
}

/** What an upload needs around it. */
export interface UploadDependencies {
  readonly index: Index;
  readonly content: ContentStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: RepositoryLimits;
  /** Called when keys may have been discarded, so that their bytes are removed soon. */
  readonly onDiscard: () => void;
}

function unknownUpload(): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN');
}

function onlyInterruption(error: unknown): BodyInterrupted {
  if (error instanceof BodyInterrupted) return error;
  throw error;
}

/**
 * Receives blobs. The state of an upload is in the index, so that any process may go on with it; what this process
 * remembers of it only saves work. Bytes are published in place where this process alone wrote all of them, and
 * copied once, while they are verified, where it did not.
 */
export class Uploads {
  readonly #deps: UploadDependencies;
  readonly #locks: UploadLocks;
  readonly #parts: OpenParts;

  constructor(deps: UploadDependencies) {
    this.#deps = deps;
    this.#locks = new UploadLocks(deps.clock);
    this.#parts = new OpenParts(deps.clock, deps.log);
  }

  /** Uploads whose file stays open between their requests. */
  get openCount(): number {
    return this.#parts.size;
  }

  /**
   * @param options.algorithm of the digest that the client will give at the end, where it says so
   * @param options.tokenDigest see {@link Uploads.wasBegunWith}
   * @throws RegistryError QUOTA_EXCEEDED
   */
  async start(
    repository: RepositoryName,
    {
      algorithm = 'sha256',
      tokenDigest,
    }: { algorithm?: DigestAlgorithm; tokenDigest?: string | undefined } = {},
  ): Promise<UploadStatus> {
    await this.#deps.limits.assertRoom(repository);
    return this.#create(repository, algorithm, tokenDigest);
  }

  /** Whether there is this upload, and it was begun by whoever showed a token with this digest. */
  async wasBegunWith(repository: RepositoryName, id: string, tokenDigest: string): Promise<boolean> {
    const upload = await this.#deps.index.uploads.find(id);
    return upload?.repository === repository && upload.tokenDigest === tokenDigest;
  }

  async #create(
    repository: RepositoryName,
    algorithm: DigestAlgorithm,
    tokenDigest?: string,
  ): Promise<UploadStatus> {
    const id = randomUUID();
    const key = this.#deps.content.newKey();
    const atMs = this.#deps.clock.now();
    await this.#deps.index.uploads.create({ id, repository, key, atMs, tokenDigest });
    const part = { writer: this.#deps.content.write(key), digester: new Digester(algorithm) };
    await this.#parts.keep(id, part);
    return { id, offsetBytes: 0 };
  }

  /**
   * Receives a blob that comes in one request.
   * @throws RegistryError SIZE_INVALID, DIGEST_INVALID, QUOTA_EXCEEDED
   * @throws BodyInterrupted
   */
  async receiveWhole(
    repository: RepositoryName,
    digest: Digest,
    announced: Announced,
    body: Body,
  ): Promise<void> {
    const { id } = await this.#create(repository, algorithmOf(digest));
    try {
      await this.finish(repository, id, digest, announced, body);
    } catch (error) {
      // Nobody else knows of this upload, so that nobody could go on with it.
      await this.#end(id);
      throw error;
    }
  }

  /** @throws RegistryError BLOB_UPLOAD_UNKNOWN */
  async status(repository: RepositoryName, id: string): Promise<UploadStatus> {
    return { id, offsetBytes: uploadOffset(await this.#find(repository, id)) };
  }

  /**
   * Takes the next bytes; resolves when they are durable. Of a client that goes away meanwhile, what arrived is
   * kept, for it to go on from there; a body that is otherwise wrong leaves the upload as it was, save one for which
   * there is no room: it ends the upload.
   * @throws RegistryError BLOB_UPLOAD_UNKNOWN, CONTENT_RANGE_INVALID, SIZE_INVALID, UPLOAD_BUSY, QUOTA_EXCEEDED
   * @throws BodyInterrupted
   */
  append(repository: RepositoryName, id: string, announced: Announced, body: Body): Promise<UploadStatus> {
    return this.#exclusively(id, async (hold) => {
      const upload = await this.#find(repository, id);
      const offset = uploadOffset(upload);
      checkAnnounced(announced, offset);
      const room = await this.#deps.limits.room(repository, offset);
      const part =
        (await this.#reopen(upload)) ??
        (await this.#begin(id, upload.parts.length === 0 ? new Digester('sha256') : undefined));
      const before = part.writer.sizeBytes;
      const interrupted = await this.#orDrop(part, before, async () => {
        const interruption = await receive(part, announced, body, { hold, room }).then(
          () => undefined,
          onlyInterruption,
        );
        await part.writer.flush();
        return interruption;
      });
      const outcome = await this.#orClose(part, () =>
        this.#deps.index.uploads.advance({
          id,
          key: part.writer.key,
          partBytes: part.writer.sizeBytes,
          fromBytes: offset,
          atMs: this.#deps.clock.now(),
        }),
      );
      if (outcome !== 'advanced') {
        await this.#drop(part, before);
        throw outcome === 'unknown-upload' ? unknownUpload() : new RegistryError('UPLOAD_BUSY');
      }
      await this.#parts.keep(id, part);
      if (interrupted !== undefined) throw interrupted;
      return { id, offsetBytes: offset + part.writer.sizeBytes - before };
    });
  }

  /**
   * Takes the last bytes, verifies the whole against its digest and puts the blob into the repository; resolves
   * when that is durable. Where the digest is wrong, or there is no room, the upload is over and its bytes are gone.
   * @throws RegistryError BLOB_UPLOAD_UNKNOWN, CONTENT_RANGE_INVALID, SIZE_INVALID, DIGEST_INVALID, UPLOAD_BUSY,
   *   QUOTA_EXCEEDED
   * @throws BodyInterrupted
   */
  finish(
    repository: RepositoryName,
    id: string,
    digest: Digest,
    announced: Announced,
    body: Body,
  ): Promise<void> {
    return this.#exclusively(id, async (hold) => {
      const upload = await this.#find(repository, id);
      checkAnnounced(announced, uploadOffset(upload));
      const room = await this.#deps.limits.room(repository, uploadOffset(upload), digest);
      const part = await this.#whole(upload, algorithmOf(digest), hold);
      const acknowledged = upload.parts.find(({ key }) => key === part.writer.key)?.sizeBytes ?? 0;
      await this.#orDrop(part, acknowledged, async () => {
        await receive(part, announced, body, { hold, room });
        const received = await digestOfPart(part, this.#deps.content, algorithmOf(digest));
        if (received !== digest) {
          await this.#deps.index.uploads.remove(id);
          throw new RegistryError('DIGEST_INVALID', {
            message: `the ${part.writer.sizeBytes} bytes received have the digest ${received}, not ${digest}`,
            detail: { received, expected: digest },
          });
        }
        await part.writer.flush();
      }).finally(this.#deps.onDiscard);
      const { key, sizeBytes } = part.writer;
      const outcome = await this.#orClose(part, () =>
        this.#deps.index.blobs.commit({
          uploadId: id,
          repository,
          digest,
          key,
          sizeBytes,
          atMs: this.#deps.clock.now(),
          limits: this.#deps.limits.usageLimits(repository),
        }),
      ).finally(this.#deps.onDiscard);
      if (outcome === 'unknown-upload') {
        await this.#drop(part, acknowledged);
        throw unknownUpload();
      }
      await this.#parts.close(part);
      if (outcome !== 'committed') throw this.#deps.limits.refusal(repository, outcome);
    });
  }

  /** @throws RegistryError BLOB_UPLOAD_UNKNOWN, UPLOAD_BUSY */
  cancel(repository: RepositoryName, id: string): Promise<void> {
    return this.#locks.hold(id, async () => {
      await this.#find(repository, id);
      await this.#end(id);
    });
  }

  /** Ends uploads that nobody touched since the given time. @returns how many */
  async expire(untouchedSinceMs: number): Promise<number> {
    let ended = 0;
    for (;;) {
      const stale = await this.#deps.index.uploads.stale(untouchedSinceMs, 100);
      // A request of this process may have been sending for all that time.
      const ids = stale.filter((id) => !this.#locks.isHeld(id));
      for (const id of ids) await this.#end(id, this.#deps.clock.now());
      ended += ids.length;
      if (ids.length === 0) return ended;
    }
  }

  closeIdle(): Promise<void> {
    return this.#parts.closeIdle();
  }

  /** Lets go of the open files. Uploads can be continued afterwards, by another process too. */
  close(): Promise<void> {
    return this.#parts.closeAll();
  }

  /** Under the upload's lock. One that is refused for want of room is over: its bytes would fill the disk for a week. */
  #exclusively<T>(id: string, action: (hold: Hold) => Promise<T>): Promise<T> {
    return this.#locks.hold(id, (hold) =>
      action(hold).catch(async (error: unknown) => {
        if (error instanceof RegistryError && error.entry === ERRORS.QUOTA_EXCEEDED) await this.#end(id);
        throw error;
      }),
    );
  }

  async #find(repository: RepositoryName, id: string): Promise<UploadRecord> {
    const upload = await this.#deps.index.uploads.find(id);
    // An upload of another repository is as unknown as one that never was: its id must grant nothing.
    if (upload === undefined || upload.repository !== repository) throw unknownUpload();
    return upload;
  }

  async #end(id: string, expiredAtMs?: number): Promise<void> {
    await this.#deps.index.uploads.remove(id, expiredAtMs);
    await this.#parts.close(this.#parts.take(id));
    this.#deps.onDiscard();
  }

  /** Begins a part under a key that the index knows of, before there is a byte under it. */
  async #begin(id: string, digester: Digester | undefined): Promise<OpenPart> {
    const key = this.#deps.content.newKey();
    if (!(await this.#deps.index.uploads.claim(id, key, this.#deps.clock.now()))) throw unknownUpload();
    return { writer: this.#deps.content.write(key), digester };
  }

  /** The part that this process left open, if it ends just where the upload stands. */
  async #reopen(upload: UploadRecord): Promise<OpenPart | undefined> {
    const part = this.#parts.take(upload.id);
    if (part === undefined) return undefined;
    const last = upload.parts.at(-1);
    const fits =
      last === undefined
        ? part.writer.sizeBytes === 0
        : last.key === part.writer.key && last.sizeBytes === part.writer.sizeBytes;
    if (fits) return part;
    await this.#parts.close(part);
    return undefined;
  }

  /** A part that holds every byte of the upload so far and that no other process has ever written to. */
  async #whole(upload: UploadRecord, algorithm: DigestAlgorithm, hold: Hold): Promise<OpenPart> {
    const open = await this.#reopen(upload);
    if (open?.digester !== undefined) return open;
    await this.#parts.close(open);
    const part = await this.#begin(upload.id, new Digester(algorithm));
    return this.#orDrop(part, 0, async () => {
      await copyInto(part, this.#deps.content, upload.parts, hold);
      return part;
    });
  }

  /** Gives the part up where the action fails: the next request begins another one at the acknowledged offset. */
  async #orDrop<T>(part: OpenPart, acknowledgedBytes: number, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      await this.#drop(part, acknowledgedBytes);
      throw error;
    }
  }

  /**
   * Closes the part where the index fails, and leaves its bytes alone: the change may have been committed, and only
   * its answer lost. If it was not, the index still knows the key, and the bytes go with the upload.
   */
  async #orClose<T>(part: OpenPart, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      await this.#parts.close(part);
      throw error;
    }
  }

  /** Bytes of which none was acknowledged are removed at once, since a full disk is a likely reason. */
  async #drop(part: OpenPart, acknowledgedBytes: number): Promise<void> {
    await this.#parts.close(part);
    if (acknowledgedBytes > 0) return;
    await this.#deps.content.remove(part.writer.key).catch((error: unknown) => {
      this.#deps.log.warn('could not remove the bytes of an upload that failed', { error });
    });
  }
}
