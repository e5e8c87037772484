import { parseGoDuration } from '../../config/duration.ts';
import {
  type Collected,
  type CollectionWatcher,
  collectGarbage,
} from '../../lifecycle/collect/collect-garbage.ts';
import { openConfiguredState } from '../configuration.ts';
import { Failure, reasonOf } from '../failure.ts';
import { inUnits } from '../units.ts';

/** What the command line says. */
export interface GarbageCollectOptions {
  readonly dryRun?: boolean;
  readonly deleteUntagged?: boolean;
  readonly quiet?: boolean;
  /** As Go writes durations. */
  readonly grace: string;
}

const NANOSECONDS_PER_MS = 1_000_000n;

/** @throws Failure */
function graceMs(text: string): number {
  const nanoseconds = parseGoDuration(text);
  if (nanoseconds === undefined || nanoseconds < 0n) {
    throw new Failure(`--grace ${JSON.stringify(text)} is no duration; write it like 1h, 30m or 0`);
  }
  return Number(nanoseconds / NANOSECONDS_PER_MS);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What registry:2 prints, without its line for each blob that stays. */
const TELLING: CollectionWatcher = {
  repository: (name) => say(name),
  manifest: (repository, digest) => say(`${repository}: manifest eligible for deletion: ${digest}`),
  link: (repository, digest) => say(`${repository}: layer link eligible for deletion: ${digest}`),
  blob: ({ digest, sizeBytes }) => say(`blob eligible for deletion: ${digest} (${inUnits(sizeBytes)})`),
};

function summary(collected: Collected, dryRun: boolean): string {
  const { keptBlobs, blobs, manifests, freedBytes } = collected;
  return [
    '',
    `${keptBlobs} blobs marked, ${blobs} blobs and ${manifests} manifests eligible for deletion`,
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
  const beforeMs = Date.now() - graceMs(options.grace);
  const state = await openConfiguredState(file);
  try {
    const collected = await collectGarbage(state, {
      rule: { beforeMs, untaggedManifests: deleteUntagged },
      dryRun,
      ...(!quiet && { watcher: TELLING }),
    }).catch((error: unknown) => {
      throw notRemoved(error);
    });
    if (!quiet) say(summary(collected, dryRun));
  } finally {
    await state.index.close();
  }
}
