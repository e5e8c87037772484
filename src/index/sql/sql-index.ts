import { randomInt } from 'node:crypto';
import type { Index } from '../index.ts';
import * as accessTokens from './access-tokens.ts';
import * as accounts from './accounts.ts';
import * as allowances from './allowances.ts';
import * as blobs from './blobs.ts';
import * as browserLogins from './browser-logins.ts';
import * as history from './event-history.ts';
import * as events from './events.ts';
import * as garbage from './garbage-scans.ts';
import * as groups from './groups.ts';
import * as holds from './holds.ts';
import * as integrity from './integrity.ts';
import * as journal from './journal.ts';
import * as leases from './leases.ts';
import * as logins from './logins.ts';
import * as manifests from './manifests.ts';
import * as provenance from './provenance.ts';
import * as pulls from './pulls.ts';
import { isQuarantined, listQuarantined } from './quarantine.ts';
import type { Session } from './query.ts';
import { recordingTransact } from './recording.ts';
import { listReferrers } from './referrers.ts';
import * as retention from './retention-facts.ts';
import * as revocations from './revocations.ts';
import * as roles from './roles.ts';
import * as signingKeys from './signing-keys.ts';
import { tagHistory } from './tag-history.ts';
import * as tags from './tags.ts';
import * as takeover from './takeover.ts';
import { takeOverFigures, takeOverProgress } from './takeover-figures.ts';
import { usesOriginalFiles } from './takeover-files.ts';
import * as findings from './takeover-findings.ts';
import { knownLinks } from './takeover-store.ts';
import type { Transact } from './transactions.ts';
import * as trash from './trash-list.ts';
import * as uploads from './uploads.ts';
import * as usage from './usage.ts';

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
      mount: (repository, digest, from, atMs, limits) =>
        transact('mountBlob', repository, digest, from, atMs, limits),
      holder: (digest, among) => blobs.findHolder(read, digest, among),
      unlink: (repository, digest, immutableTags, by) =>
        transact('unlinkBlob', repository, digest, immutableTags, by),
      discarded: (limit, options) => blobs.listDiscardedKeys(read, limit, options),
      forget: (keys) => transact('forgetKeys', keys),
    },
    manifests: {
      find: (repository, digest) => manifests.findManifest(read, repository, digest),
      findByTag: (repository, tag) => manifests.findManifestByTag(read, repository, tag),
      read: (digest) => manifests.readManifest(read, digest),
      put: (received) => transact('putManifest', received),
      remove: (repository, digest, actor, atMs, precondition, immutableTags, cause) =>
        transact('removeManifest', repository, digest, actor, atMs, precondition, immutableTags, cause),
      referrers: (repository, digest, page) => listReferrers(read, repository, digest, page),
    },
    tags: {
      list: (repository, page) => tags.listTags(read, repository, page),
      remove: (repository, tag, actor, atMs, precondition, cause) =>
        transact('removeTag', repository, tag, actor, atMs, precondition, cause),
      history: (repository, tag, page) => tagHistory(read, repository, tag, page),
      repositories: (page) => tags.listRepositories(read, page),
    },
    uploads: {
      create: (upload) => transact('createUpload', upload),
      find: (id) => uploads.findUpload(read, id),
      claim: (id, key, atMs) => transact('claimPart', id, key, atMs),
      advance: (step) => transact('advanceUpload', step),
      remove: (id, expiredAtMs) => transact('removeUpload', id, expiredAtMs),
      stale: (untouchedSinceMs, limit) => uploads.staleUploads(read, untouchedSinceMs, limit),
    },
    usage: {
      of: (repository) => usage.usageOf(read, repository),
      list: (page) => usage.listUsage(read, page),
      recount: (repository) => transact('recountUsage', repository),
      ofAllowance: (name) => allowances.usageOfAllowance(read, name),
      assign: (repository, allowance) => transact('assignAllowance', repository, allowance),
      recountAllowance: (name) => transact('recountAllowance', name),
    },
    garbage: {
      repositories: (page) => garbage.listAllRepositories(read, page),
      scanManifests: (repository, rule, page) => garbage.scanManifests(read, repository, rule, page),
      scanLinks: (repository, rule, page) => garbage.scanLinks(read, repository, rule, page),
      scanBlobs: (rule, page) => garbage.scanBlobs(read, rule, page),
      removeManifests: (rule, manifests, note) => transact('removeGarbageManifests', rule, manifests, note),
      removeLinks: (rule, links, note) => transact('removeGarbageLinks', rule, links, note),
      removeBlobs: (digests, note) => transact('removeGarbageBlobs', digests, note),
    },
    trash: {
      list: (filter, page) => trash.listDeleted(read, filter, page),
      find: (repository, digest) => trash.findDeleted(read, repository, digest),
      countBefore: (keptSinceMs) => trash.countDeletedBefore(read, keptSinceMs),
      restore: (restoration) => transact('restoreDeleted', restoration),
      purge: (keptSinceMs, limit, note) => transact('purgeTrash', keptSinceMs, limit, note),
    },
    holds: {
      isBlobHeld: (repository, digest, sinceMs) => holds.isBlobHeld(read, repository, digest, sinceMs),
      holdBlob: (repository, digest, atMs) => transact('holdBlob', repository, digest, atMs),
      isManifestHeld: (repository, digest, sinceMs, byTag) =>
        holds.isManifestHeld(read, repository, digest, sinceMs, byTag),
      holdManifest: (repository, digest, atMs) => transact('holdManifest', repository, digest, atMs),
    },
    journal: {
      list: (filter, page) => journal.listRemovals(read, filter, page),
      prune: (beforeMs, limit) => transact('pruneRemovals', beforeMs, limit),
    },
    provenance: {
      blobBytes: (digest) => provenance.blobBytes(read, digest),
      links: (digest, limit) => provenance.linksOf(read, digest, limit),
      link: (repository, digest) => provenance.linkOf(read, repository, digest),
      manifest: (repository, digest) => provenance.timesOfManifest(read, repository, digest),
      namedBy: (repository, digest, limit) => provenance.namedBy(read, repository, digest, limit),
      namedByDeleted: (repository, digest, limit) =>
        provenance.namedByDeleted(read, repository, digest, limit),
      tagsOf: (repository, digest, limit) => provenance.tagsOf(read, repository, digest, limit),
    },
    leases: {
      find: (name) => leases.findLease(read, name),
      claim: (claim) => transact('claimLease', claim),
      renew: (name, owner, untilMs) => transact('renewLease', name, owner, untilMs),
      release: (name, owner, nowMs, result) => transact('releaseLease', name, owner, nowMs, result),
    },
    pulls: {
      record: (counted) => transact('recordPulls', counted),
      countedSinceMs: () => pulls.pullsCountedSince(read),
      tags: (repository, page) => pulls.tagStatistics(read, repository, page),
      manifests: (repository, page) => pulls.manifestStatistics(read, repository, page),
    },
    retention: {
      tags: (repository, page) => retention.listTagFacts(read, repository, page),
      tagsAt: (repository, atMs, page) => retention.listPastTagFacts(read, repository, atMs, page),
      removeTags: (removal) => transact('removeTagsByRule', removal),
      ties: (repository, digest) => retention.manifestTies(read, repository, digest),
      isBlobNeeded: (digest, gone) => retention.isBlobNeeded(read, digest, gone),
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
      list: (page, kind) => accounts.listAccounts(read, page, kind),
      isEmpty: () => accounts.hasNoAccount(read),
      firstAdmin: () => accounts.firstAdmin(read),
      create: (account, atMs) => transact('createAccount', account, atMs),
      setPassword: (name, hash, atMs) => transact('setPassword', name, hash, atMs),
      rehashPassword: (name, from, to) => transact('rehashPassword', name, from, to),
      setDisabled: (name, isDisabled, atMs, force) => transact('setDisabled', name, isDisabled, atMs, force),
      remove: (name, atMs, force) => transact('removeAccount', name, atMs, force),
      recordUses: (uses) => transact('recordUses', uses),
    },
    accessTokens: {
      findByHash: (hash) => accessTokens.findAccessToken(read, hash),
      list: (account) => accessTokens.listAccessTokens(read, account),
      create: (token) => transact('createAccessToken', token),
      revoke: (account, name, atMs) => transact('revokeAccessToken', account, name, atMs),
      rotate: (token, othersEndAtMs) => transact('rotateAccessToken', token, othersEndAtMs),
    },
    groups: {
      list: (page) => groups.listGroups(read, page),
      members: (group, page) => groups.listMembers(read, group, page),
      create: (group, atMs) => transact('createGroup', group, atMs),
      remove: (group, atMs) => transact('removeGroup', group, atMs),
      join: (group, account) => transact('joinGroup', group, account),
      leave: (group, account, atMs) => transact('leaveGroup', group, account, atMs),
      of: (account) => groups.groupsOf(read, account),
      mappings: () => groups.listMappings(read),
      mapped: (label, value) => groups.mappedGroups(read, label, value),
      map: (mapping) => transact('mapGroup', mapping),
      unmap: (mapping) => transact('unmapGroup', mapping),
    },
    roles: {
      list: (filter) => roles.listRoles(read, filter),
      of: (account, among) => roles.rolesOf(read, account, among),
      grant: (role, atMs) => transact('grantRole', role, atMs),
      revoke: (role, atMs) => transact('revokeRole', role, atMs),
    },
    revocations: {
      generation: () => revocations.revocationGeneration(read),
      since: (generation) => revocations.revocationsSince(read, generation),
      revoke: (kind, name, atMs) => transact('revoke', kind, name, atMs),
      prune: (beforeMs) => transact('pruneRevocations', beforeMs),
    },
    signingKeys: {
      list: (ring = '') => signingKeys.listSigningKeys(read, ring),
      createFirst: (key, ring = '') => transact('createFirstSigningKey', key, ring),
      add: (key, follows, ring = '') => transact('addSigningKey', key, follows, ring),
      remove: (id) => transact('removeSigningKey', id),
    },
    browserLogins: {
      find: (section, account) => browserLogins.findBrowserLogin(read, section, account),
      replace: (section, account, document, expected) =>
        transact('replaceBrowserLogin', { section, account }, document, randomInt(2 ** 47), expected),
      remove: (section, account, expected) => transact('removeBrowserLogin', section, account, expected),
    },
    logins: {
      add: (login, mostOfAccount) => transact('addLogin', login, mostOfAccount),
      find: (id) => logins.findLogin(read, id),
      list: (filter, nowMs, page) => logins.listLogins(read, filter, nowMs, page),
      touch: (uses) => transact('touchLogins', uses),
      end: (filter, why, atMs) => transact('endLogins', filter, why, atMs),
      prune: (expiredBeforeMs, limit) => transact('pruneLogins', expiredBeforeMs, limit),
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
    takeOver: {
      status: () => takeover.takeOverStatus(read),
      progress: () => takeOverProgress(read),
      usesFiles: () => usesOriginalFiles(read),
      figures: () => takeOverFigures(read),
      begin: (atMs) => transact('beginTakeOver', atMs),
      beginAgain: (atMs) => transact('beginTakeOverAgain', atMs),
      addRepositories: (repositories, atMs) => transact('addOriginalRepositories', repositories, atMs),
      finishListing: (atMs) => transact('finishListing', atMs),
      isDone: (repository) => takeover.isRepositoryDone(read, repository),
      waiting: (page) => takeover.waitingRepositories(read, page),
      known: (repository, page) => knownLinks(read, repository, page),
      store: (part) => transact('storeOriginalPart', part),
      addFiles: (files, found) => transact('addFilesAndFindings', files, found),
      finish: (atMs) => transact('finishTakeOver', atMs),
      findings: (page) => findings.listFindings(read, page),
      findingCounts: () => findings.countFindings(read),
      release: (page) => transact('releaseOriginalFiles', page),
    },
    recording: (recorder) => createSqlIndex(read, recordingTransact(transact, recorder), lifetime),
    ...lifetime,
  };
}
