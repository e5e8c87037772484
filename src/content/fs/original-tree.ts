import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ORIGINAL_ROOT } from '../original-keys.ts';
import { type OriginalTree, type TreeEntry, TreeFault, type TreeFile } from '../original-tree.ts';
import type { TreeQuestionName, TreeReply, TreeRequest } from './tree-protocol.ts';

interface Waiter {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** Why the thread could not be asked, or could not answer. */
function toError(reply: Exclude<TreeReply, { answer: unknown }>): Error {
  if ('fault' in reply) return new TreeFault(reply.fault.path, reply.fault.reason);
  return Object.assign(new Error(reply.error.message), { code: reply.error.code });
}

/**
 * The tree that distribution's file system driver wrote, in a data folder. A take-over asks for hundreds of thousands
 * of small files. The system's calls that do not block cost many times what those do that block, so a thread of its own
 * makes the latter, and the one that answers requests goes on.
 */
export class FsOriginalTree implements OriginalTree {
  readonly #dataFolder: string;
  #thread: Worker | undefined;
  readonly #waiters = new Map<number, Waiter>();
  #outbox: TreeRequest[] = [];
  #lastId = 0;

  constructor(dataFolder: string) {
    this.#dataFolder = dataFolder;
  }

  list(path: string): Promise<TreeEntry[] | undefined> {
    return this.#ask('list', path);
  }

  read(path: string, maxBytes: number): Promise<TreeFile | undefined> {
    return this.#ask('read', path, maxBytes);
  }

  sizeBytes(path: string): Promise<number | undefined> {
    return this.#ask('sizeBytes', path);
  }

  async isCache(): Promise<boolean> {
    // distribution, registry/proxy/scheduler: when what was fetched expires.
    const state = join(this.#dataFolder, 'scheduler-state.json');
    return access(state).then(
      () => true,
      () => false,
    );
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
    this.#rejectAll(new Error('the tree was closed'));
  }

  #ask<T>(name: TreeQuestionName, ...args: readonly unknown[]): Promise<T> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise<T>((resolve, reject) => {
      this.#waiters.set(id, { resolve: resolve as Waiter['resolve'], reject });
      // What is asked in one turn goes over in one message.
      if (this.#outbox.length === 0) queueMicrotask(() => this.#send());
      this.#outbox.push({ id, name, args });
    });
  }

  #send(): void {
    const requests = this.#outbox;
    this.#outbox = [];
    this.#thread ??= this.#start();
    // The program may end while nobody waits.
    this.#thread.ref();
    this.#thread.postMessage(requests);
  }

  #start(): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const thread = new Worker(new URL(`./original-tree-thread.${extension}`, import.meta.url), {
      workerData: { root: join(this.#dataFolder, ORIGINAL_ROOT) },
    });
    const lost = (error: Error): void => {
      if (this.#thread !== thread) return;
      this.#thread = undefined;
      this.#rejectAll(error);
    };
    thread.on('message', (replies: readonly TreeReply[]) => {
      for (const reply of replies) this.#settle(reply);
      if (this.#waiters.size === 0) thread.unref();
    });
    thread.on('error', (error) => lost(error instanceof Error ? error : new Error(String(error))));
    thread.on('exit', () => lost(new Error('the thread that reads the tree has ended')));
    return thread;
  }

  #settle(reply: TreeReply): void {
    const waiter = this.#waiters.get(reply.id);
    this.#waiters.delete(reply.id);
    if ('answer' in reply) waiter?.resolve(reply.answer);
    else waiter?.reject(toError(reply));
  }

  #rejectAll(error: Error): void {
    for (const waiter of this.#waiters.values()) waiter.reject(error);
    this.#waiters.clear();
  }
}
