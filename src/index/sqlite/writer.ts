import { Worker } from 'node:worker_threads';
import type { Histogram, Metrics } from '../../ports.ts';
import type { Transact, TransactionArguments, TransactionName } from '../sql/transactions.ts';
import { IndexFault, type WriterMessage, type WriterRequest } from './protocol.ts';

/** The thread that writes to the index. */
export interface Writer {
  readonly transact: Transact;
  /** Calls `listener` after each commit, before anybody is told of it. */
  onCommit(listener: () => void): void;
  /** Throws where the thread has ended. */
  assertAlive(): void;
  /** Resolves when the thread ended without having been closed. */
  readonly lost: Promise<Error>;
  /** Commits what was asked for before, then ends the thread. */
  close(): Promise<void>;
}

interface Waiter {
  readonly name: TransactionName;
  readonly began: number;
  resolve(value: never): void;
  reject(error: Error): void;
}

/**
 * Starts the thread and waits until the file is open and its tables are up to date.
 * @throws IndexFault where the file cannot be opened
 */
export async function startWriter(file: string, metrics: Metrics): Promise<Writer> {
  const groupSize = metrics.histogram('berth_index_group_size', {});
  const durations = new Map<TransactionName, Histogram>();
  const durationOf = (transaction: TransactionName): Histogram => {
    let histogram = durations.get(transaction);
    if (histogram === undefined) {
      histogram = metrics.histogram('berth_index_transaction_seconds', { transaction });
      durations.set(transaction, histogram);
    }
    return histogram;
  };
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const thread = new Worker(new URL(`./writer-thread.${extension}`, import.meta.url), {
    workerData: { file },
  });
  const waiters = new Map<number, Waiter>();
  let lastId = 0;
  let ended: Error | undefined;
  let isClosing = false;
  let committed = (): void => undefined;
  const lost = Promise.withResolvers<Error>();
  const started = Promise.withResolvers<void>();
  const exited = Promise.withResolvers<void>();

  const end = (error: Error): void => {
    ended ??= error;
    if (!isClosing) lost.resolve(ended);
    started.reject(ended);
    for (const waiter of waiters.values()) waiter.reject(ended);
    waiters.clear();
  };

  thread.on('message', (message: WriterMessage) => {
    if ('ready' in message) return started.resolve();
    if ('failed' in message) return end(new IndexFault(message.failed));
    committed();
    groupSize.observe(message.replies.length);
    for (const reply of message.replies) {
      const waiter = waiters.get(reply.id);
      if (waiter !== undefined) durationOf(waiter.name).observe((performance.now() - waiter.began) / 1000);
      waiters.delete(reply.id);
      if ('fault' in reply) waiter?.reject(new IndexFault(reply.fault));
      else waiter?.resolve(reply.result as never);
    }
    return undefined;
  });
  thread.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))));
  thread.on('exit', () => {
    end(new Error(isClosing ? 'the index is closed' : 'the thread that writes to the index has ended'));
    exited.resolve();
  });

  const post = (request: WriterRequest): void => thread.postMessage(request);

  await started.promise;
  return {
    transact<N extends TransactionName>(name: N, ...args: TransactionArguments<N>) {
      if (ended !== undefined) return Promise.reject(ended);
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        waiters.set(id, { name, began: performance.now(), resolve, reject });
        post({ id, name, args });
      });
    },
    onCommit(listener) {
      committed = listener;
    },
    assertAlive() {
      if (ended !== undefined) throw ended;
    },
    lost: lost.promise,
    async close() {
      isClosing = true;
      if (ended === undefined) post({ close: true });
      await exited.promise;
    },
  };
}
