import { parentPort, workerData } from 'node:worker_threads';
import type Database from 'better-sqlite3';
import type { Session } from '../sql/query.ts';
import { TRANSACTIONS } from '../sql/transactions.ts';
import { createSession, openWriter } from './connection.ts';
import { toFault, type WriterMessage, type WriterReply, type WriterRequest } from './protocol.ts';

/** So many transactions share one commit, and so one sync of the disk, at the most. */
const MAX_GROUP = 256;

type Transaction = (session: Session, ...args: readonly unknown[]) => Promise<unknown>;
type Job = Extract<WriterRequest, { id: number }>;

const port = parentPort;
if (port === null) throw new Error('this file runs as a thread of the index');

const say = (message: WriterMessage): void => port.postMessage(message);

function runOne(db: Database.Database, session: Session, job: Job): Promise<WriterReply> {
  const transaction = TRANSACTIONS[job.name] as unknown as Transaction;
  db.exec('SAVEPOINT one');
  return transaction(session, ...job.args).then(
    (result) => {
      db.exec('RELEASE one');
      return { id: job.id, result };
    },
    (error: unknown) => {
      // A full disk makes SQLite roll back the whole transaction by itself; the savepoint is gone with it.
      if (!db.inTransaction) throw error;
      db.exec('ROLLBACK TO one');
      db.exec('RELEASE one');
      return { id: job.id, fault: toFault(error) };
    },
  );
}

/** Each transaction stands or falls alone; the commit, with its sync, is shared. */
async function runGroup(
  db: Database.Database,
  session: Session,
  jobs: readonly Job[],
): Promise<WriterReply[]> {
  try {
    db.exec('BEGIN IMMEDIATE');
    const replies: WriterReply[] = [];
    for (const job of jobs) replies.push(await runOne(db, session, job));
    db.exec('COMMIT');
    return replies;
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    const fault = toFault(error);
    return jobs.map(({ id }) => ({ id, fault }));
  }
}

function start(db: Database.Database): void {
  const session = createSession(db);
  let waiting: Job[] = [];
  let isRunning = false;
  let isClosing = false;

  const finish = (): void => {
    db.close();
    port?.close();
  };

  const work = async (): Promise<void> => {
    isRunning = true;
    while (waiting.length > 0) {
      const group = waiting.slice(0, MAX_GROUP);
      waiting = waiting.slice(MAX_GROUP);
      say({ replies: await runGroup(db, session, group) });
      // Lets the requests that came in meanwhile join the next group.
      await new Promise((resolve) => setImmediate(resolve));
    }
    isRunning = false;
    if (isClosing) finish();
  };

  port?.on('message', (request: WriterRequest) => {
    if ('close' in request) {
      isClosing = true;
      if (!isRunning) finish();
      return;
    }
    waiting.push(request);
    if (!isRunning) void work();
  });
  say({ ready: true });
}

try {
  start(openWriter((workerData as { file: string }).file));
} catch (error) {
  say({ failed: toFault(error) });
  port.close();
}
