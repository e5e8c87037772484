import { describe } from 'vitest';
import { indexContract } from '../../../test/contract/index.ts';
import { sqliteIndexUnderTest } from '../../../test/support/sqlite-index.ts';

describe('the index in an SQLite file', () => indexContract(sqliteIndexUnderTest));
