/**
 * Resolves while something works; rejects with an error whose message may be shown to operators. Gives up when the
 * signal says so.
 */
export type Check = (signal: AbortSignal) => Promise<void>;

/**
 * Runs a check for so long at the most.
 * @param stop ends the wait early
 * @throws Error where it takes longer, or what the check throws
 */
export async function within(timeoutMs: number, stop: AbortSignal, check: Check): Promise<void> {
  const late = Promise.withResolvers<never>();
  const ended = new AbortController();
  const giveUp = (why: string) => (): void => {
    late.reject(new Error(why));
    ended.abort();
  };
  const onStop = giveUp('the registry is stopping');
  const timer = setTimeout(giveUp(`no answer within ${timeoutMs} ms`), timeoutMs);
  stop.addEventListener('abort', onStop);
  try {
    await Promise.race([late.promise, check(ended.signal)]);
  } finally {
    clearTimeout(timer);
    stop.removeEventListener('abort', onStop);
  }
}
