import type { AccessTokenIndex } from './access-tokens.ts';
import type { AccountIndex } from './accounts.ts';
import type { BlobIndex } from './blobs.ts';
import type { BrowserLoginIndex } from './browser-logins.ts';
import type { ChangeRecorder, EventIndex } from './events.ts';
import type { GarbageIndex } from './garbage.ts';
import type { GroupIndex } from './groups.ts';
import type { HoldIndex } from './holds.ts';
import type { IntegrityIndex } from './integrity.ts';
import type { JournalIndex } from './journal.ts';
import type { LeaseIndex } from './leases.ts';
import type { LoginIndex } from './logins.ts';
import type { ManifestIndex } from './manifests.ts';
import type { ProvenanceIndex } from './provenance.ts';
import type { PullIndex } from './pulls.ts';
import type { RetentionIndex } from './retention.ts';
import type { RevocationIndex } from './revocations.ts';
import type { RoleIndex } from './roles.ts';
import type { SigningKeyIndex } from './signing-keys.ts';
import type { TagIndex } from './tags.ts';
import type { TakeOverIndex } from './takeover.ts';
import type { TrashIndex } from './trash.ts';
import type { UploadIndex } from './uploads.ts';
import type { UsageIndex } from './usage.ts';

/**
 * Everything that the registry knows, save the bytes: the index alone decides what exists and who may see it.
 *
 * Each method is one whole transaction. One that changes something returns when the change is on disk for good
 * (survives kill -9 and loss of power) and visible to every process that shares the index: in this one at once, in
 * another from the next turn of its event loop on, before it reads its next request. Methods answer what
 * they found as a value; they throw only where the index itself fails.
 */
export interface Index {
  readonly blobs: BlobIndex;
  readonly manifests: ManifestIndex;
  readonly tags: TagIndex;
  readonly uploads: UploadIndex;
  readonly usage: UsageIndex;
  readonly garbage: GarbageIndex;
  readonly pulls: PullIndex;
  readonly retention: RetentionIndex;
  readonly trash: TrashIndex;
  readonly holds: HoldIndex;
  readonly journal: JournalIndex;
  readonly provenance: ProvenanceIndex;
  readonly leases: LeaseIndex;
  readonly integrity: IntegrityIndex;
  readonly accounts: AccountIndex;
  readonly accessTokens: AccessTokenIndex;
  readonly groups: GroupIndex;
  readonly roles: RoleIndex;
  readonly revocations: RevocationIndex;
  readonly signingKeys: SigningKeyIndex;
  readonly browserLogins: BrowserLoginIndex;
  readonly logins: LoginIndex;
  readonly events: EventIndex;
  readonly takeOver: TakeOverIndex;
  /**
   * The same index; each change of content that is made through what this returns is recorded as events too, in its
   * own transaction. Not to be closed by itself.
   */
  recording(recorder: ChangeRecorder): Index;
  /**
   * Resolves when the index can be used no more although nobody closed it. Writes reject from then on; the process
   * does best to end and be started again.
   */
  readonly lost: Promise<Error>;
  /** Throws where the index cannot answer. Cheap: for health checks. */
  ping(): Promise<void>;
  /** Waits for what is under way, then lets go of the index. Methods called afterwards reject. */
  close(): Promise<void>;
}
