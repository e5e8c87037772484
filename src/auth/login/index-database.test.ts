import { afterAll, beforeAll, describe } from 'vitest';
import type { IndexUnderTest } from '../../../test/contract/index/under-test.ts';
import { tokenDatabaseContract } from '../../../test/contract/token-database.ts';
import { sqliteIndexUnderTest } from '../../../test/support/sqlite-index.ts';
import { IndexTokenDatabase } from './index-database.ts';

describe('the index as a token database', () => {
  let under: IndexUnderTest;
  beforeAll(async () => {
    under = await sqliteIndexUnderTest();
  });
  afterAll(() => under.remove());

  tokenDatabaseContract(() => new IndexTokenDatabase(under.index.browserLogins, 'oidc_auth'));
});
