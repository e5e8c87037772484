import { afterAll, beforeAll, describe } from 'vitest';
import { garbageContract } from './garbage.ts';
import { accountContract } from './index/accounts.ts';
import { allowanceContract } from './index/allowances.ts';
import { blobContract } from './index/blobs.ts';
import { holdContract } from './index/holds.ts';
import { immutableTagContract } from './index/immutable-tags.ts';
import { journalContract } from './index/journal.ts';
import { leaseContract } from './index/leases.ts';
import { manifestContract } from './index/manifests.ts';
import { preconditionContract } from './index/preconditions.ts';
import { pullContract } from './index/pulls.ts';
import { referrerContract } from './index/referrers.ts';
import { repositoryContract } from './index/repositories.ts';
import { retentionContract } from './index/retention.ts';
import { signingKeyContract } from './index/signing-keys.ts';
import { tagContract } from './index/tags.ts';
import { takeOverContract } from './index/takeover.ts';
import { endContract } from './index/the-end.ts';
import { transactionContract } from './index/transactions.ts';
import { trashContract } from './index/trash.ts';
import { type IndexUnderTest, SharedIndex } from './index/under-test.ts';
import { uploadContract } from './index/uploads.ts';
import { usageContract } from './index/usage.ts';
import { indexModelProperty } from './index-model.ts';
import { usageModelProperty } from './usage-model.ts';

/** What every index promises. Call it inside a `describe` that names the adapter. */
export function indexContract(open: () => Promise<IndexUnderTest>): void {
  const shared = new SharedIndex(open);
  beforeAll(() => shared.open());
  afterAll(() => shared.remove());

  garbageContract(() => shared.index);
  describe('blobs', () => blobContract(shared));
  describe('uploads', () => uploadContract(shared));
  describe('manifests', () => manifestContract(shared));
  describe('preconditions', () => preconditionContract(shared));
  describe('referrers', () => referrerContract(shared));
  describe('what was deleted', () => trashContract(shared));
  describe('what somebody asked for', () => holdContract(shared));
  describe('the journal', () => journalContract(shared));
  describe('leases', () => leaseContract(shared));
  describe('tags', () => tagContract(shared));
  describe('immutable tags', () => immutableTagContract(shared));
  describe('usage', () => usageContract(shared));
  describe('allowances', () => allowanceContract(shared));
  describe('usage beside a new count', () => usageModelProperty(() => shared.openEmpty()));
  describe('taking over', () => takeOverContract(shared));
  describe('repositories', () => repositoryContract(shared));
  describe('pulls', () => pullContract(shared));
  describe('tags by rules', () => retentionContract(shared));
  describe('accounts', () => accountContract(shared));
  describe('signing keys', () => signingKeyContract(shared));
  describe('transactions', () => transactionContract(shared));
  describe('the end', () => endContract(shared));
  describe('beside a model in memory', () => indexModelProperty(() => shared.openEmpty()));
}
