import type Database from 'better-sqlite3';
import { type Metrics, NO_METRICS } from '../../ports.ts';
import type { Index } from '../index.ts';
import { createSqlIndex } from '../sql/sql-index.ts';
import { openReader } from './connection.ts';
import { createSnapshotSession } from './snapshot.ts';
import { startWriter, type Writer } from './writer.ts';

async function openReaderOr(writer: Writer, file: string): Promise<Database.Database> {
  try {
    return openReader(file);
  } catch (error) {
    await writer.close();
    throw error;
  }
}

/**
 * Opens the index in an SQLite file, which is created where there is none. Reads run on the caller's thread, from
 * a snapshot that no writer stalls; writes run on a thread of their own. Several processes of one machine may have
 * the same file open. The caller closes the index.
 * @throws IndexFault where the file cannot be opened, or was written by a later Berth
 */
export async function openSqliteIndex(file: string, metrics: Metrics = NO_METRICS): Promise<Index> {
  const writer = await startWriter(file, metrics);
  const db = await openReaderOr(writer, file);
  const reads = createSnapshotSession(db);
  writer.onCommit(reads.refresh);
  return createSqlIndex(reads, writer.transact, {
    lost: writer.lost,
    async ping() {
      writer.assertAlive();
      db.prepare('SELECT 1').get();
    },
    async close() {
      // The connection that closes last writes the log back into the file; one that only reads cannot.
      db.close();
      await writer.close();
    },
  });
}
