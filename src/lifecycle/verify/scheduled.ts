import type { ContentStore } from '../../content/content-store.ts';
import type { Index } from '../../index/index.ts';
import type { Clock, Logger } from '../../ports.ts';
import type { ManifestRules } from '../../registry/manifest-rules.ts';
import { Throttle } from './throttle.ts';
import { verifyContent } from './verify-content.ts';

const RUN = 'schedule';
/** How far it has come is saved so often; what was read since is read again after a crash. */
const SAVE_EVERY_MS = 30_000;
/**
 * A process that said nothing for so long has died. Where it only reads a large blob, two of them verify for a while,
 * which harms nothing.
 */
const LEFT_AFTER_MS = 30 * 60_000;

/** `storage.maintenance.verify` of the configuration. */
export interface ScheduledVerification {
  readonly intervalMs: number;
  /** 0 for no bound. */
  readonly bytesPerSecond: number;
  readonly quarantine: boolean;
  readonly rules: ManifestRules;
  /** Ends a run under way; the next one goes on from there. */
  readonly signal: AbortSignal;
}

/**
 * Verifies the content where the last time is long enough ago, or goes on with what was begun. Of several processes
 * that share the index one does it.
 * @param owner names this process
 */
export async function verifyWhenDue(
  deps: { index: Index; content: ContentStore; clock: Clock; log: Logger },
  options: ScheduledVerification,
  owner: string,
): Promise<void> {
  const { index, clock, log } = deps;
  const { intervalMs, bytesPerSecond, quarantine, rules, signal } = options;
  const run = (): { name: string; owner: string; nowMs: number } => ({
    name: RUN,
    owner,
    nowMs: clock.now(),
  });
  const begun = await index.integrity.beginRun(run(), {
    dueBeforeMs: clock.now() - intervalMs,
    leftBeforeMs: clock.now() - LEFT_AFTER_MS,
  });
  if (begun === undefined) return;
  // Another process has taken it over.
  const lost = new AbortController();
  let savedAtMs = clock.now();
  const verified = await verifyContent(deps, {
    rules,
    throttle: new Throttle(bytesPerSecond),
    quarantine,
    after: begun.after,
    signal: AbortSignal.any([signal, lost.signal]),
    watcher: {
      damage: (damage) =>
        log.error(
          damage.kind === 'incomplete' ? 'a manifest is not whole' : 'stored content is damaged',
          damage,
        ),
      async blob(digest) {
        if (clock.now() - savedAtMs < SAVE_EVERY_MS) return;
        savedAtMs = clock.now();
        if (!(await index.integrity.saveRun(run(), digest))) lost.abort();
      },
    },
  });
  const { isComplete, last, ...counts } = verified;
  if (isComplete) {
    await index.integrity.saveRun(run(), undefined);
    log.info('verified the stored content', counts);
  } else if (!lost.signal.aborted) {
    // As if it were long ago: whoever comes next goes on at once.
    await index.integrity.saveRun({ ...run(), nowMs: 0 }, last ?? begun.after ?? '');
  }
}
