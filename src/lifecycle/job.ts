import type { Logger } from '../ports.ts';

/** Something that is done again and again. */
export interface Job {
  /** Does it soon, beside its regular times. */
  nudge(): void;
  /** Does it no more; resolves when a run under way is over. */
  stop(): Promise<void>;
}

/** Runs an action at intervals, one run at a time. A run that fails is logged and tried again at the next. */
export function startJob(name: string, intervalMs: number, log: Logger, action: () => Promise<void>): Job {
  let running: Promise<void> | undefined;
  let isWanted = false;
  let isStopped = false;

  const run = (): void => {
    if (isStopped) return;
    isWanted = true;
    running ??= runWhileWanted();
  };

  const runWhileWanted = async (): Promise<void> => {
    // The action may ask for the next run by itself, and must then find this one noted as under way.
    await Promise.resolve();
    while (isWanted && !isStopped) {
      isWanted = false;
      await action().catch((error: unknown) => log.error('a background job failed', { job: name, error }));
    }
    running = undefined;
  };

  const timer = setInterval(run, intervalMs);
  timer.unref();
  return {
    nudge: run,
    async stop() {
      isStopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
