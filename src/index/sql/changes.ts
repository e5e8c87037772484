import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { BlobIndex, ReceivedBlob } from '../blobs.ts';
import type { ChangeNote, EventAction, EventTarget, Tally } from '../events.ts';
import type { ManifestIndex, ReceivedManifest } from '../manifests.ts';
import type { TagIndex } from '../tags.ts';
import type { Restoration } from '../trash.ts';
import { commitBlob, findBlob, mountBlob, unlinkBlobFrom } from './blobs.ts';
import { recordEvents } from './events.ts';
import { findManifest, putManifest, removeManifest } from './manifests.ts';
import type { Session } from './query.ts';
import { removeTag, tagsOfManifest } from './tags.ts';
import { restoreDeleted } from './trash-restore.ts';

/** What distribution's bridge reports as the type of every blob. */
const BLOB_TYPE = 'application/octet-stream';

interface Told {
  readonly action: EventAction;
  readonly target: EventTarget;
}

/** The outcome of a change, and what there is to tell of it: nothing where nothing changed. */
interface Change<T> {
  readonly result: T;
  readonly told: readonly Told[];
}

function deleted(
  target: Omit<EventTarget, 'mediaType' | 'sizeBytes' | 'digest'> & { digest?: string },
): Told {
  return { action: 'delete', target: { digest: '', mediaType: '', sizeBytes: 0, ...target } };
}

/** The transactions of which others are told, with the events that distribution sends for each. */
const CHANGES = {
  async commitBlob(session: Session, blob: ReceivedBlob) {
    const result = await commitBlob(session, blob);
    const { repository, digest, sizeBytes } = blob;
    const target = { kind: 'blob', repository, digest, mediaType: BLOB_TYPE, sizeBytes } as const;
    return { result, told: result === 'committed' ? [{ action: 'push', target }] : [] };
  },

  async mountBlob(
    session: Session,
    repository: RepositoryName,
    digest: Digest,
    from: RepositoryName,
    atMs: number,
  ) {
    const result = await mountBlob(session, repository, digest, from, atMs);
    const sizeBytes = (await findBlob(session, repository, digest))?.sizeBytes ?? 0;
    const target = {
      ...({ kind: 'blob', repository, digest, mediaType: BLOB_TYPE, sizeBytes } as const),
      fromRepository: from,
    };
    return { result, told: result ? [{ action: 'mount', target }] : [] };
  },

  async unlinkBlob(session: Session, ...[repository, digest, by]: Parameters<BlobIndex['unlink']>) {
    const result = await unlinkBlobFrom(session, repository, digest, by);
    return { result, told: result ? [deleted({ kind: 'blob', repository, digest })] : [] };
  },

  async putManifest(session: Session, received: ReceivedManifest) {
    const result = await putManifest(session, received);
    const { repository, digest, manifest, bytes, tags } = received;
    const names = tags.length === 0 ? [undefined] : tags;
    const told = names.map(
      (tag): Told => ({
        action: 'push',
        target: {
          ...({ kind: 'manifest', repository, digest, mediaType: manifest.mediaType } as const),
          ...{ sizeBytes: bytes.byteLength, tag },
        },
      }),
    );
    return { result, told: result.outcome === 'stored' ? told : [] };
  },

  /** The manifest, and after it each tag that pointed to it. */
  async removeManifest(session: Session, ...args: Parameters<ManifestIndex['remove']>) {
    const [repository, digest] = args;
    const tags = await tagsOfManifest(session, repository, digest);
    const result = await removeManifest(session, ...args);
    const told = [
      deleted({ kind: 'manifest', repository, digest }),
      ...tags.map((tag) => deleted({ kind: 'manifest', repository, tag })),
    ];
    return { result, told: result === true ? told : [] };
  },

  /** As if it had been pushed again, which is what others see. */
  async restoreDeleted(session: Session, restoration: Restoration) {
    const result = await restoreDeleted(session, restoration);
    if (result.outcome !== 'restored') return { result, told: [] };
    const { repository } = restoration;
    const { digest, tags } = result;
    const found = await findManifest(session, repository, digest);
    const { mediaType = '', sizeBytes = 0 } = found ?? {};
    const names = tags.length === 0 ? [undefined] : tags;
    const told = names.map(
      (tag): Told => ({
        action: 'push',
        target: { kind: 'manifest', repository, digest, mediaType, sizeBytes, tag },
      }),
    );
    return { result, told };
  },

  async removeTag(session: Session, ...args: Parameters<TagIndex['remove']>) {
    const [repository, tag] = args;
    const result = await removeTag(session, ...args);
    return { result, told: result === true ? [deleted({ kind: 'manifest', repository, tag })] : [] };
  },
} as const satisfies Record<string, (session: Session, ...args: never[]) => Promise<Change<unknown>>>;

export type ChangeName = keyof typeof CHANGES;

export function isChange(name: string): name is ChangeName {
  return Object.hasOwn(CHANGES, name);
}

/** Makes a change and records the events of it, both or none. */
export async function recordChange(
  session: Session,
  name: ChangeName,
  args: readonly unknown[],
  note: ChangeNote,
): Promise<{ result: unknown; tally: Tally }> {
  const change = CHANGES[name] as (session: Session, ...args: readonly unknown[]) => Promise<Change<unknown>>;
  const { result, told } = await change(session, ...args);
  const { origin, atMs, before, audience } = note;
  const occurrences = [...before, ...told.map((one) => ({ ...one, origin, atMs }))];
  return { result, tally: await recordEvents(session, occurrences, audience) };
}
