import { Unreachable } from '../../auth/unreachable.ts';
import type { Logger } from '../../ports.ts';
import type { MongoCollection } from './connection.ts';

/**
 * Makes a unique index on a field once, as docker_auth does. Where that is refused (there are two of the same already,
 * or no right to make one), the log says so and the collection is used as it is.
 */
export function uniqueIndex(collection: MongoCollection, field: string, log: Logger): () => Promise<void> {
  let isDone = false;
  return async () => {
    if (isDone) return;
    try {
      await collection.ask((opened) => opened.createIndex({ [field]: 1 }, { unique: true }));
    } catch (error) {
      if (error instanceof Unreachable) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      log.warn('a unique index could not be made', { collection: collection.name, field, reason });
    }
    isDone = true;
  };
}
