import type { Index } from '../index.ts';
import * as accounts from './accounts.ts';
import * as blobs from './blobs.ts';
import * as history from './event-history.ts';
import * as events from './events.ts';
import * as garbage from './garbage-scans.ts';
import * as integrity from './integrity.ts';
import * as manifests from './manifests.ts';
import { isQuarantined, listQuarantined } from './quarantine.ts';
import type { Session } from './query.ts';
import { recordingTransact } from './recording.ts';
import { listReferrers } from './referrers.ts';
import { tagHistory } from './tag-history.ts';
import * as tags from './tags.ts';
import type { Transact } from './transactions.ts';
import * as uploads from './uploads.ts';

/**
 * The index over a database: questions go to `read`, which sees every commit that was acknowledged, and changes
 * to `transact`.
 */
export function createSqlIndex(
  read: Session,
  transact: Transact,
  lifetime: Pick<Index, 'lost' | 'ping' | 'close'>,
): Index {
  return {
    blobs: {
      find: (repository, digest) => blobs.findBlob(read, repository, digest),
      commit: (blob) => transact('commitBlob', blob),
      mount: (repository, digest, from, atMs) => transact('mountBlob', repository, digest, from, atMs),
      holder: (digest, among) => blobs.findHolder(read, digest, among),
      unlink: (repository, digest) => transact('unlinkBlob', repository, digest),
      discarded: (limit) => blobs.listDiscardedKeys(read, limit),
      forget: (keys) => transact('forgetKeys', keys),
    },
    manifests: {
      find: (repository, digest) => manifests.findManifest(read, repository, digest),
      findByTag: (repository, tag) => manifests.findManifestByTag(read, repository, tag),
      read: (digest) => manifests.readManifest(read, digest),
      put: (received) => transact('putManifest', received),
      remove: (repository, digest, actor, atMs, precondition) =>
        transact('removeManifest', repository, digest, actor, atMs, precondition),
      referrers: (repository, digest, page) => listReferrers(read, repository, digest, page),
    },
    tags: {
      list: (repository, page) => tags.listTags(read, repository, page),
      remove: (repository, tag, actor, atMs, precondition) =>
        transact('removeTag', repository, tag, actor, atMs, precondition),
      history: (repository, tag, page) => tagHistory(read, repository, tag, page),
      repositories: (page) => tags.listRepositories(read, page),
    },
    uploads: {
      create: (upload) => transact('createUpload', upload),
      find: (id) => uploads.findUpload(read, id),
      claim: (id, key, atMs) => transact('claimPart', id, key, atMs),
      advance: (step) => transact('advanceUpload', step),
      remove: (id) => transact('removeUpload', id),
      stale: (untouchedSinceMs, limit) => uploads.staleUploads(read, untouchedSinceMs, limit),
    },
    garbage: {
      repositories: (page) => garbage.listAllRepositories(read, page),
      scanManifests: (repository, rule, page) => garbage.scanManifests(read, repository, rule, page),
      scanLinks: (repository, rule, page) => garbage.scanLinks(read, repository, rule, page),
      scanBlobs: (rule, page) => garbage.scanBlobs(read, rule, page),
      removeManifests: (repository, rule, digests) =>
        transact('removeGarbageManifests', repository, rule, digests),
      removeLinks: (repository, rule, digests) => transact('removeGarbageLinks', repository, rule, digests),
      removeBlobs: (digests) => transact('removeGarbageBlobs', digests),
    },
    integrity: {
      blobs: (page) => integrity.listBlobs(read, page),
      blob: (digest) => integrity.findAnyBlob(read, digest),
      bodies: (page) => integrity.listBodies(read, page),
      manifests: (repository, page) => integrity.manifestStates(read, repository, page),
      keys: (use, page) => integrity.listKeys(read, use, page),
      quarantineBlob: (damaged) => transact('quarantineBlob', damaged),
      quarantineManifest: (damaged) => transact('quarantineManifest', damaged),
      isQuarantined: (repository, kind, reference) => isQuarantined(read, repository, kind, reference),
      quarantined: (page) => listQuarantined(read, page),
      discardQuarantined: (ids) => transact('discardQuarantined', ids),
      beginRun: (run, options) => transact('beginVerifyRun', run, options),
      saveRun: (run, after) => transact('saveVerifyRun', run, after),
    },
    accounts: {
      find: (name) => accounts.findAccount(read, name),
      list: () => accounts.listAccounts(read),
      isEmpty: () => accounts.hasNoAccount(read),
      create: (account, atMs) => transact('createAccount', account, atMs),
      setPassword: (name, hash, atMs) => transact('setPassword', name, hash, atMs),
      remove: (name) => transact('removeAccount', name),
    },
    signingKeys: {
      list: () => accounts.listSigningKeys(read),
      createFirst: (key) => transact('createFirstSigningKey', key),
    },
    events: {
      record: (occurrences, audience) => transact('recordEvents', occurrences, audience),
      isDue: (endpoint, nowMs) => events.isLaneDue(read, endpoint, nowMs),
      claim: (claim) => transact('claimLanes', claim),
      heads: (lane, limit) => events.headsOfLane(read, lane, limit),
      settle: (settlement) => transact('settleAttempts', settlement),
      list: (filter, page) => history.listDeliveries(read, filter, page),
      replay: (filter, step) => transact('replayEvents', filter, step),
      prune: (step) => transact('pruneEvents', step),
      backlog: (endpoint, most) => history.countBacklog(read, endpoint, most),
    },
    recording: (recorder) => createSqlIndex(read, recordingTransact(transact, recorder), lifetime),
    ...lifetime,
  };
}
