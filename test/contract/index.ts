import { afterAll, beforeAll, describe } from 'vitest';
import { garbageContract } from './garbage.ts';
import { accountContract } from './index/accounts.ts';
import { blobContract } from './index/blobs.ts';
import { integrityContract } from './index/integrity.ts';
import { manifestContract } from './index/manifests.ts';
import { preconditionContract } from './index/preconditions.ts';
import { referrerContract } from './index/referrers.ts';
import { repositoryContract } from './index/repositories.ts';
import { signingKeyContract } from './index/signing-keys.ts';
import { tagContract } from './index/tags.ts';
import { endContract } from './index/the-end.ts';
import { transactionContract } from './index/transactions.ts';
import { type IndexUnderTest, SharedIndex } from './index/under-test.ts';
import { uploadContract } from './index/uploads.ts';
import { indexModelProperty } from './index-model.ts';

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
  describe('integrity', () => integrityContract(shared));
  describe('tags', () => tagContract(shared));
  describe('repositories', () => repositoryContract(shared));
  describe('accounts', () => accountContract(shared));
  describe('signing keys', () => signingKeyContract(shared));
  describe('transactions', () => transactionContract(shared));
  describe('the end', () => endContract(shared));
  describe('beside a model in memory', () => indexModelProperty(() => shared.openEmpty()));
}
