import type { ContentStore, ContentWriter } from '../content/content-store.ts';
import type { Histogram, Metrics } from '../ports.ts';

async function timed<T>(histogram: Histogram, action: () => Promise<T>): Promise<T> {
  const began = performance.now();
  try {
    return await action();
  } finally {
    histogram.observe((performance.now() - began) / 1000);
  }
}

/**
 * A content store whose actions are timed as `registry_storage_action_seconds`, under the names that distribution's
 * drivers give to the same ones.
 * @param driver distribution's name of the store, such as `filesystem`
 */
export function measuredContent(store: ContentStore, driver: string, metrics: Metrics): ContentStore {
  const histogram = (action: string): Histogram =>
    metrics.histogram('registry_storage_action_seconds', { action, driver });
  const reader = histogram('Reader');
  const stat = histogram('Stat');
  const remove = histogram('Delete');
  const flush = histogram('Flush');
  const measured = (writer: ContentWriter): ContentWriter => ({
    key: writer.key,
    get sizeBytes() {
      return writer.sizeBytes;
    },
    append: (bytes) => writer.append(bytes),
    flush: () => timed(flush, () => writer.flush()),
    close: () => writer.close(),
  });
  return {
    newKey: () => store.newKey(),
    write: (key) => measured(store.write(key)),
    sizeBytes: (key) => timed(stat, () => store.sizeBytes(key)),
    read: (key, range) => timed(reader, () => store.read(key, range)),
    remove: (key) => timed(remove, () => store.remove(key)),
    keys: () => store.keys(),
    ping: () => store.ping(),
  };
}
