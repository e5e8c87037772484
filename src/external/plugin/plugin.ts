import { Slots } from '../../auth/slots.ts';
import type { Logger } from '../../ports.ts';
import type { Oracle } from '../asked.ts';
import { OutsideFault } from '../fault.ts';
import type { PluginFunction, PluginQuestion } from './protocol.ts';
import { PluginFault, PluginThread, type ThreadOptions } from './thread.ts';

/** A plugin and how it may be asked. */
export interface PluginOptions {
  /** The section that it was configured by; for messages. */
  readonly name: string;
  /** An absolute path. */
  readonly path: string;
  readonly function: PluginFunction;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  /** So many threads at most. */
  readonly maxConcurrent: number;
  readonly maxWaiting: number;
  readonly log: Logger;
}

/**
 * A JavaScript module that is asked, in threads that answer one question each at a time: a question that the plugin
 * never answers, or in which it loops for ever, costs its own thread and nobody else's answer.
 */
export class Plugin implements Oracle {
  readonly name: string;
  lookup?: (question: unknown) => Promise<unknown>;
  readonly #threadOptions: ThreadOptions;
  readonly #slots: Slots;
  readonly #threads = new Set<PluginThread>();
  readonly #idle: PluginThread[] = [];
  #isClosed = false;

  private constructor(options: PluginOptions) {
    const { name, log } = options;
    this.name = name;
    this.#slots = new Slots({ maxRunning: options.maxConcurrent, maxWaiting: options.maxWaiting });
    this.#threadOptions = {
      ...{ path: options.path, function: options.function, env: options.env, timeoutMs: options.timeoutMs },
      onPrinted: (text) => log.debug('a plugin printed something', { section: name, text }),
    };
  }

  /**
   * Loads the plugin, to see whether it can be used.
   * @throws PluginFault
   */
  static async load(options: PluginOptions): Promise<Plugin> {
    const plugin = new Plugin(options);
    const thread = await plugin.#start();
    plugin.#idle.push(thread);
    if (thread.hasLookup) plugin.lookup = (question) => plugin.#inTurn(question, undefined, 'lookup');
    return plugin;
  }

  /** @throws OutsideFault; TooManyLogins */
  ask(question: unknown, secret?: string): Promise<unknown> {
    return this.#inTurn(question, secret, 'asked');
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const idle = new Set(this.#idle);
    await Promise.all([...this.#threads].map((one) => (idle.has(one) ? one.close() : one.terminate())));
  }

  #inTurn(question: unknown, secret: string | undefined, kind: PluginQuestion): Promise<unknown> {
    return this.#slots.run(async () => {
      try {
        return await this.#ask(question, secret, kind);
      } catch (error) {
        if (!(error instanceof PluginFault)) throw error;
        throw new OutsideFault(this.name, `the plugin gave no answer: ${error.message}`);
      }
    });
  }

  async #ask(question: unknown, secret: string | undefined, kind: PluginQuestion): Promise<unknown> {
    if (this.#isClosed) throw new PluginFault('Berth is ending');
    const thread = this.#takeIdle() ?? (await this.#start());
    try {
      return await thread.ask(question, secret, kind);
    } finally {
      if (thread.isAlive) this.#idle.push(thread);
      else this.#threads.delete(thread);
    }
  }

  #takeIdle(): PluginThread | undefined {
    for (;;) {
      const thread = this.#idle.pop();
      if (thread === undefined || thread.isAlive) return thread;
      this.#threads.delete(thread);
    }
  }

  async #start(): Promise<PluginThread> {
    const thread = await PluginThread.start(this.#threadOptions);
    this.#threads.add(thread);
    if (this.#isClosed) await thread.terminate();
    return thread;
  }
}
