import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ContentStore, ContentStream } from '../../src/content/content-store.ts';
import { openFsContentStore } from '../../src/content/fs/open.ts';
import type { Index } from '../../src/index/index.ts';
import { openSqliteIndex } from '../../src/index/sqlite/open.ts';
import { removeDiscarded } from '../../src/lifecycle/remove-discarded.ts';
import { type Digest, type DigestAlgorithm, digestOf } from '../../src/oci/digest.ts';
import {
  parseRepositoryName,
  parseTag,
  type Reference,
  type RepositoryName,
} from '../../src/oci/reference.ts';
import type { Clock } from '../../src/ports.ts';
import type { OpenBlob, OpenPart } from '../../src/registry/blobs.ts';
import type { Announced, Body } from '../../src/registry/body.ts';
import { DEFAULT_RULES } from '../../src/registry/manifest-rules.ts';
import { createRegistry, type Registry } from '../../src/registry/registry.ts';
import { newFolder, removeFolder } from './folders.ts';
import { drain } from './pieces.ts';
import { RecordedLog } from './recorded-log.ts';

/** What all replicas of a registry share. */
export interface Shared {
  readonly folder: string;
  readonly index: Index;
  readonly content: ContentStore;
  /** Removes the bytes that the index gave up, as the background job does. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

export async function openShared(): Promise<Shared> {
  const folder = await newFolder();
  const content = await openFsContentStore(folder);
  const index = await openSqliteIndex(join(folder, 'berth.db'));
  return {
    folder,
    index,
    content,
    sweep: () => removeDiscarded({ index, content }),
    async close() {
      await index.close();
      await removeFolder(folder);
    },
  };
}

/** A registry as one process has it. */
export interface Replica extends Registry {
  readonly log: RecordedLog;
  /** How often it said that keys may have been discarded. */
  readonly discards: () => number;
}

export function replicaOf(
  shared: Pick<Shared, 'index' | 'content'>,
  options: { clock?: Clock; deleteEnabled?: boolean } = {},
): Replica {
  const log = new RecordedLog();
  let discards = 0;
  const registry = createRegistry({
    index: shared.index,
    content: shared.content,
    clock: options.clock ?? { now: Date.now },
    log,
    onDiscard: () => {
      discards += 1;
    },
    manifestRules: DEFAULT_RULES,
    deleteEnabled: options.deleteEnabled ?? true,
  });
  return { ...registry, log, discards: () => discards };
}

export const NOTHING_ANNOUNCED: Announced = { lengthBytes: undefined, range: undefined };

/** What a chunk with Content-Range and Content-Length announces. */
export function chunk(first: number, last: number, lengthBytes?: number): Announced {
  return { lengthBytes, range: { first, last } };
}

export function length(lengthBytes: number): Announced {
  return { lengthBytes, range: undefined };
}

export type Pieces = readonly (Uint8Array | string)[] | Uint8Array | string;

/** A body that arrives in these pieces, whole. */
export function bodyOf(pieces: Pieces = []): Body {
  const list = typeof pieces === 'string' || pieces instanceof Uint8Array ? [pieces] : pieces;
  return Readable.from(
    list.map((piece) => Buffer.from(piece)),
    { objectMode: false },
  );
}

/** A body whose sender goes away after these pieces. */
export function interruptedBody(pieces: Pieces): Body {
  const list = typeof pieces === 'string' || pieces instanceof Uint8Array ? [pieces] : pieces;
  return Readable.from(
    (async function* () {
      for (const piece of list) yield Buffer.from(piece);
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    })(),
    { objectMode: false },
  );
}

/** Pushes a blob with one request. @returns its digest */
export async function pushBlob(
  registry: Registry,
  repository: RepositoryName,
  bytes: Uint8Array,
  algorithm: DigestAlgorithm = 'sha256',
): Promise<Digest> {
  const digest = digestOf(bytes, algorithm);
  await registry.uploads.receiveWhole(repository, digest, length(bytes.byteLength), bodyOf(bytes));
  return digest;
}

/** Pulls a blob whole. */
export async function pullBlob(
  registry: Registry,
  repository: RepositoryName,
  digest: Digest,
): Promise<Buffer> {
  return drain(wholeOf(await registry.blobs.open(repository, digest, () => undefined)));
}

/** The stream of a blob that was opened whole. */
export function wholeOf({ content }: OpenBlob): ContentStream {
  if (!('next' in content)) throw new Error('the blob was opened in parts');
  return content;
}

/** The parts of a blob that was opened in ranges. */
export function partsOf({ content }: OpenBlob): readonly OpenPart[] {
  if ('next' in content) throw new Error('the blob was opened whole');
  return content;
}

export function repo(text: string): RepositoryName {
  return parseRepositoryName(text);
}

export function byTag(text: string): Reference {
  return { kind: 'tag', tag: parseTag(text) };
}

export function byDigest(digest: Digest): Reference {
  return { kind: 'digest', digest };
}

/** Matches the RegistryError with this name in the table. */
export function refusal(code: string, status: number) {
  return { name: 'RegistryError', entry: { code, status } };
}
