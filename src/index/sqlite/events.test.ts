import { describe } from 'vitest';
import { eventIndexContract } from '../../../test/contract/events.ts';
import { sqliteIndexUnderTest } from '../../../test/support/sqlite-index.ts';

describe('the queue of events in SQLite', () => eventIndexContract(sqliteIndexUnderTest));
