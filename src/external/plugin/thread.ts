import { Worker } from 'node:worker_threads';
import type {
  PluginFunction,
  PluginMessage,
  PluginQuestion,
  PluginRequest,
  PluginStart,
} from './protocol.ts';

/** A plugin may have so much; a leak then ends its thread and not the server. */
const MAX_HEAP_MB = 256;
const CLOSE_MS = 2_000;

/** What a plugin's thread is started with. */
export interface ThreadOptions {
  /** An absolute path. */
  readonly path: string;
  readonly function: PluginFunction;
  readonly env: NodeJS.ProcessEnv;
  /** For the start, and for each question. */
  readonly timeoutMs: number;
  /** What the plugin printed; nothing secret is in it. */
  onPrinted(text: string): void;
}

/** What went wrong, as a clause; nothing secret is in it. */
export class PluginFault extends Error {
  override readonly name = 'PluginFault';
}

interface Waiter {
  resolve(message: PluginMessage): void;
  reject(fault: PluginFault): void;
}

/** A thread in which a plugin answers one question at a time. */
export class PluginThread {
  readonly #worker: Worker;
  readonly #timeoutMs: number;
  #waiter: Waiter | undefined;
  #isAlive = true;
  #hasLookup = false;

  private constructor({ path, function: name, env, timeoutMs, onPrinted }: ThreadOptions) {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./plugin-thread.${extension}`, import.meta.url), {
      workerData: { path, name } satisfies PluginStart,
      env,
      argv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    this.#worker = worker;
    this.#timeoutMs = timeoutMs;
    // What goes round the console could hold a password.
    worker.stdout.resume();
    worker.stderr.resume();
    worker.on('message', (message: PluginMessage) => {
      if ('printed' in message) onPrinted(message.printed);
      else this.#waiter?.resolve(message);
    });
    worker.on('error', (error) => this.#end(`its thread failed (${codeOf(error)})`));
    worker.on('exit', () => this.#end('its thread has ended'));
  }

  /**
   * Starts a thread and loads the plugin.
   * @throws PluginFault
   */
  static async start(options: ThreadOptions): Promise<PluginThread> {
    const thread = new PluginThread(options);
    const message = await thread.#reply('it was not loaded', options.timeoutMs);
    if ('unusable' in message) {
      await thread.terminate();
      throw new PluginFault(message.unusable);
    }
    thread.#hasLookup = 'ready' in message && message.hasLookup;
    // A thread that waits for questions is no reason for the process to go on.
    thread.#worker.unref();
    return thread;
  }

  /** Whether it can be asked. */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Whether the plugin can say how an account stands without its password. */
  get hasLookup(): boolean {
    return this.#hasLookup;
  }

  /**
   * Where the plugin takes too long the thread is ended: nothing else stops a loop.
   * @throws PluginFault
   */
  async ask(question: unknown, secret: string | undefined, kind: PluginQuestion): Promise<unknown> {
    this.#post({ question, secret, kind });
    const message = await this.#reply('it did not answer', this.#timeoutMs);
    if ('answer' in message) return message.answer;
    throw new PluginFault('fault' in message ? message.fault : 'its thread is confused');
  }

  /** Lets the plugin close what it has open, and ends the thread. */
  async close(): Promise<void> {
    if (this.#isAlive) {
      this.#post({ close: true });
      await this.#reply('it did not close', CLOSE_MS).catch(() => undefined);
    }
    await this.terminate();
  }

  /** Ends the thread as it is. */
  async terminate(): Promise<void> {
    this.#end('Berth is ending');
    await this.#worker.terminate();
  }

  #post(request: PluginRequest): void {
    this.#worker.postMessage(request);
  }

  #end(reason: string): void {
    this.#isAlive = false;
    this.#waiter?.reject(new PluginFault(reason));
  }

  async #reply(what: string, timeoutMs: number): Promise<PluginMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<PluginMessage>();
    this.#waiter?.reject(new PluginFault('its thread is confused'));
    const waiter: Waiter = { resolve, reject };
    this.#waiter = waiter;
    if (!this.#isAlive) reject(new PluginFault('its thread has ended'));
    const late = setTimeout(() => {
      this.#end(`${what} within ${timeoutMs} ms`);
      void this.#worker.terminate();
    }, timeoutMs);
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      if (this.#waiter === waiter) this.#waiter = undefined;
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no code';
}
