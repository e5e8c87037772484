import * as accessTokens from './access-tokens.ts';
import * as accounts from './accounts.ts';
import { assignAllowance, recountAllowance } from './allowances.ts';
import * as blobs from './blobs.ts';
import * as browserLogins from './browser-logins.ts';
import { recordChange } from './changes.ts';
import { pruneEvents, replayEvents } from './event-history.ts';
import { claimLanes, recordEvents, settleAttempts } from './events.ts';
import * as garbage from './garbage-removals.ts';
import * as groups from './groups.ts';
import * as holds from './holds.ts';
import { beginRun, saveRun } from './integrity.ts';
import * as journal from './journal.ts';
import * as leases from './leases.ts';
import * as logins from './logins.ts';
import * as manifests from './manifests.ts';
import { recordPulls } from './pulls.ts';
import { quarantineBlob, quarantineManifest } from './quarantine.ts';
import { discardQuarantined } from './quarantine-removals.ts';
import type { Session } from './query.ts';
import { removeTagsByRule } from './retention-removals.ts';
import * as revocations from './revocations.ts';
import * as roles from './roles.ts';
import * as signingKeys from './signing-keys.ts';
import * as tags from './tags.ts';
import * as takeover from './takeover.ts';
import { releaseOriginalFiles } from './takeover-files.ts';
import { addFilesAndFindings } from './takeover-findings.ts';
import { storeOriginalPart } from './takeover-store.ts';
import * as trash from './trash.ts';
import * as restore from './trash-restore.ts';
import { removeUpload } from './upload-removal.ts';
import * as uploads from './uploads.ts';
import { recountUsage } from './usage.ts';

/**
 * Every transaction that changes the index, under the name by which an adapter asks for it. Arguments and results
 * are plain data, so that a transaction may run on another thread.
 */
export const TRANSACTIONS = {
  commitBlob: blobs.commitBlob,
  mountBlob: blobs.mountBlob,
  unlinkBlob: blobs.unlinkBlobFrom,
  forgetKeys: blobs.forgetKeys,
  putManifest: manifests.putManifest,
  removeManifest: manifests.removeManifest,
  removeTag: tags.removeTag,
  createUpload: uploads.createUpload,
  claimPart: uploads.claimPart,
  advanceUpload: uploads.advanceUpload,
  removeUpload,
  recountUsage,
  assignAllowance,
  recountAllowance,
  removeGarbageManifests: garbage.removeGarbageManifests,
  removeGarbageLinks: garbage.removeGarbageLinks,
  removeGarbageBlobs: garbage.removeGarbageBlobs,
  recordPulls,
  removeTagsByRule,
  purgeTrash: trash.purgeTrash,
  restoreDeleted: restore.restoreDeleted,
  pruneRemovals: journal.pruneRemovals,
  claimLease: leases.claimLease,
  renewLease: leases.renewLease,
  releaseLease: leases.releaseLease,
  holdBlob: holds.holdBlob,
  holdManifest: holds.holdManifest,
  quarantineBlob,
  quarantineManifest,
  discardQuarantined,
  beginVerifyRun: beginRun,
  saveVerifyRun: saveRun,
  createAccount: accounts.createAccount,
  setPassword: accounts.setPassword,
  rehashPassword: accounts.rehashPassword,
  setDisabled: accounts.setDisabled,
  removeAccount: accounts.removeAccount,
  recordUses: accounts.recordUses,
  createAccessToken: accessTokens.createAccessToken,
  revokeAccessToken: accessTokens.revokeAccessToken,
  rotateAccessToken: accessTokens.rotateAccessToken,
  createGroup: groups.createGroup,
  removeGroup: groups.removeGroup,
  joinGroup: groups.joinGroup,
  leaveGroup: groups.leaveGroup,
  mapGroup: groups.mapGroup,
  unmapGroup: groups.unmapGroup,
  grantRole: roles.grantRole,
  revokeRole: roles.revokeRole,
  revoke: revocations.revoke,
  pruneRevocations: revocations.pruneRevocations,
  createFirstSigningKey: signingKeys.createFirstSigningKey,
  addSigningKey: signingKeys.addSigningKey,
  removeSigningKey: signingKeys.removeSigningKey,
  replaceBrowserLogin: browserLogins.replaceBrowserLogin,
  removeBrowserLogin: browserLogins.removeBrowserLogin,
  addLogin: logins.addLogin,
  touchLogins: logins.touchLogins,
  endLogins: logins.endLogins,
  pruneLogins: logins.pruneLogins,
  recordChange,
  recordEvents,
  claimLanes,
  settleAttempts,
  replayEvents,
  pruneEvents,
  beginTakeOver: takeover.beginTakeOver,
  beginTakeOverAgain: takeover.beginTakeOverAgain,
  addOriginalRepositories: takeover.addOriginalRepositories,
  finishListing: takeover.finishListing,
  finishTakeOver: takeover.finishTakeOver,
  storeOriginalPart,
  addFilesAndFindings,
  releaseOriginalFiles,
} as const;

type Transactions = typeof TRANSACTIONS;

export type TransactionName = keyof Transactions;

type AfterSession<T> = T extends (session: Session, ...rest: infer Rest) => unknown ? Rest : never;

export type TransactionArguments<N extends TransactionName> = AfterSession<Transactions[N]>;

export type TransactionResult<N extends TransactionName> = Awaited<ReturnType<Transactions[N]>>;

/** Runs a transaction of the table; resolves after its commit is durable. */
export type Transact = <N extends TransactionName>(
  name: N,
  ...args: TransactionArguments<N>
) => Promise<TransactionResult<N>>;
