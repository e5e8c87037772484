import type Database from 'better-sqlite3';
import type { Parameters, Query, Session } from '../sql/query.ts';
import { createSession } from './connection.ts';

/** A session whose reads of one turn of the event loop share a snapshot. */
export interface SnapshotSession extends Session {
  /** Lets the next read see everything that was committed until then. */
  refresh(): void;
}

/**
 * Taking and leaving SQLite's read lock costs twice what a small read does, so the reads that one turn of the event
 * loop asks for are done under one lock. The snapshot ends with the turn, before the next request is read from any
 * socket, or earlier by `refresh`: whoever learns of a commit of this process must call it before telling anybody. A
 * commit of another process that falls into the turn is seen from the next turn on.
 */
export function createSnapshotSession(db: Database.Database): SnapshotSession {
  const session = createSession(db);
  const begin = db.prepare('BEGIN');
  const end = db.prepare('COMMIT');
  const giveUp = db.prepare('ROLLBACK');

  const refresh = (): void => {
    if (!db.open || !db.inTransaction) return;
    try {
      end.run();
    } catch {
      // After a read that failed, so does the end; whoever read heard of it, and nobody waits here. What must not be is
      // a snapshot that goes on.
      if (db.inTransaction) giveUp.run();
    }
  };
  const share = (): void => {
    if (db.inTransaction) return;
    begin.run();
    setImmediate(refresh);
  };
  return {
    all<P extends Parameters, Row>(query: Query<P, Row>, parameters: P) {
      share();
      return session.all(query, parameters);
    },
    first<P extends Parameters, Row>(query: Query<P, Row>, parameters: P) {
      share();
      return session.first(query, parameters);
    },
    run<P extends Parameters, Row>(query: Query<P, Row>, parameters: P) {
      return session.run(query, parameters);
    },
    refresh,
  };
}
