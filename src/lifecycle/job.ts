import type { Logger } from '../ports.ts';

/** Something that is done again and again. */
export interface Job {
  /** Does it soon, beside its regular times. Before the start, it notes that it is wanted. */
  nudge(): void;
}

/** One action at intervals, one run at a time. A run that fails is logged and tried again at the next. */
class RepeatedJob implements Job {
  readonly #name: string;
  readonly #intervalMs: number;
  readonly #log: Logger;
  readonly #action: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isWanted = false;
  #isStopped = false;

  constructor(name: string, intervalMs: number, log: Logger, action: () => Promise<void>) {
    this.#name = name;
    this.#intervalMs = intervalMs;
    this.#log = log;
    this.#action = action;
  }

  readonly nudge = (): void => {
    this.#isWanted = true;
    if (this.#timer !== undefined && !this.#isStopped) this.#running ??= this.#runWhileWanted();
  };

  start(): void {
    this.#timer = setInterval(this.nudge, this.#intervalMs);
    this.#timer.unref();
    this.nudge();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  async #runWhileWanted(): Promise<void> {
    // The action may ask for the next run by itself, and must then find this one noted as under way.
    await Promise.resolve();
    while (this.#isWanted && !this.#isStopped) {
      this.#isWanted = false;
      await this.#action().catch((error: unknown) =>
        this.#log.error('a background job failed', { job: this.#name, error }),
      );
    }
    this.#running = undefined;
  }
}

/** What a program does in the background. Nothing runs before `start` or after `stop`. */
export class Jobs {
  readonly #log: Logger;
  readonly #jobs: RepeatedJob[] = [];

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Adds a job that runs once at the start and then at intervals. */
  add(name: string, intervalMs: number, action: () => Promise<void>): Job {
    const job = new RepeatedJob(name, intervalMs, this.#log, action);
    this.#jobs.push(job);
    return job;
  }

  start(): void {
    for (const job of this.#jobs) job.start();
  }

  /** Resolves when the runs under way are over. */
  async stop(): Promise<void> {
    await Promise.all(this.#jobs.map((job) => job.stop()));
  }
}
