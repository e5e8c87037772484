import {
  type Collected,
  type CollectionWatcher,
  collectGarbage,
} from '../../lifecycle/collect/collect-garbage.ts';
import { garbageRule, ruleText } from '../../lifecycle/collect/rule.ts';
import { type FreedOriginals, freeOriginals } from '../../lifecycle/takeover/free-originals.ts';
import { inUnits } from '../../policy/bytes-text.ts';
import { SYSTEM_CLOCK } from '../../ports.ts';
import { openConfiguredState } from '../configuration.ts';
import { durationMs } from '../duration-option.ts';
import { Failure, reasonOf } from '../failure.ts';
import { say } from '../say.ts';
import type { State } from '../state.ts';
import { assertTakenOver } from '../take-over.ts';

/** What the command line says. */
export interface GarbageCollectOptions {
  readonly dryRun?: boolean;
  readonly deleteUntagged?: boolean;
  readonly quiet?: boolean;
  /** As Go writes durations. */
  readonly grace: string;
  /** As Go writes durations; undefined: as the configuration says. */
  readonly keepDeleted?: string;
}

/** What registry:2 prints, without its line for each blob that stays. */
const TELLING: CollectionWatcher = {
  repository: (name) => say(name),
  manifest: (repository, digest) => say(`${repository}: manifest eligible for deletion: ${digest}`),
  link: (repository, digest) => say(`${repository}: layer link eligible for deletion: ${digest}`),
  blob: ({ digest, sizeBytes }) => say(`blob eligible for deletion: ${digest} (${inUnits(sizeBytes)})`),
};

/** Files that registry:2 left and nothing uses, removed; in a dry run only counted. */
async function freedBefore(state: State, dryRun: boolean): Promise<FreedOriginals> {
  if (!dryRun) return freeOriginals(state);
  const figures = await state.index.takeOver.figures();
  return { files: figures?.unusedFiles ?? 0, bytes: figures?.unusedBytes ?? 0 };
}

function summary(collected: Collected, unused: FreedOriginals, dryRun: boolean): string {
  const { keptBlobs, blobs, manifests, purged } = collected;
  const freedBytes = collected.freedBytes + unused.bytes;
  return [
    '',
    `${keptBlobs} blobs marked, ${blobs} blobs and ${manifests} manifests eligible for deletion`,
    ...(purged === 0 ? [] : [`${purged} deleted manifests can no longer be brought back`]),
    ...(unused.files > 0 ? [`${unused.files} files of registry:2 that no repository uses`] : []),
    dryRun
      ? `Without --dry-run this would free ${inUnits(freedBytes)}. Nothing was changed.`
      : `Freed ${inUnits(freedBytes)}.`,
  ].join('\n');
}

function notRemoved(error: unknown): unknown {
  if (!(error instanceof AggregateError)) return error;
  const reasons = new Set(error.errors.map(reasonOf));
  return new Failure(
    `${error.message}: ${[...reasons].join('; ')}\nNothing refers to them any more; the next collection, or a running registry, tries again.`,
    { cause: error },
  );
}

/**
 * `berth garbage-collect [config.yml]`, beside a running registry or alone.
 * @throws ConfigError, Failure
 */
export async function garbageCollect(
  file: string | undefined,
  options: GarbageCollectOptions,
): Promise<void> {
  const { dryRun = false, deleteUntagged = false, quiet = false } = options;
  const graceMs = durationMs('--grace', options.grace);
  const keepMs =
    options.keepDeleted === undefined ? undefined : durationMs('--keep-deleted', options.keepDeleted);
  const state = await openConfiguredState(file);
  try {
    const { keepDeletedMs } = state.config.storage;
    await assertTakenOver(state);
    const collect = async (): Promise<void> => {
      const unused = await freedBefore(state, dryRun);
      const collected = await collectGarbage(state, {
        rule: garbageRule({
          ...{ nowMs: Date.now(), graceMs, untagged: deleteUntagged },
          keepDeletedMs: keepMs ?? keepDeletedMs,
        }),
        cause: { kind: 'collection', actor: '', rule: ruleText({ graceMs, untagged: deleteUntagged }) },
        clock: SYSTEM_CLOCK,
        removesOriginals: true,
        dryRun,
        ...(!quiet && { watcher: TELLING }),
      });
      if (!quiet) say(summary(collected, unused, dryRun));
    };
    await collect().catch((error: unknown) => {
      throw notRemoved(error);
    });
  } finally {
    await state.index.close();
  }
}
