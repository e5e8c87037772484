import { resolve } from 'node:path';
import { inspectFolder } from '../content/fs/inspect-folder.ts';
import { ORIGINAL_ROOT } from '../content/original-keys.ts';
import { SteadyPace } from '../lifecycle/collect/pace.ts';
import type { Jobs } from '../lifecycle/job.ts';
import { TakeOver } from '../lifecycle/takeover/take-over.ts';
import type { Clock, Logger, Metrics } from '../ports.ts';
import { Failure, reasonOf } from './failure.ts';
import { COMMAND } from './passwords.ts';
import type { State } from './state.ts';

/** So soon a take-over that could not be finished goes on. */
const RETRY_MS = 60_000;
/** A running registry has others to answer. */
const LANES_BESIDE_REQUESTS = 4;

/**
 * Takes over, in the background, what a registry:2 left in the data folder.
 * @returns undefined where there is no such thing, or that was done before
 */
export async function wireTakeOver({
  state,
  jobs,
  clock,
  log,
  metrics,
}: {
  readonly state: State;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics | undefined;
}): Promise<TakeOver | undefined> {
  const { index, content, originals: tree } = state;
  if (tree === undefined) return undefined;
  const status = await index.takeOver.status();
  if (status?.finishedAtMs !== undefined) return undefined;
  const takeOver = new TakeOver({
    ...{ index, content, tree, clock, log },
    pace: new SteadyPace(),
    lanes: LANES_BESIDE_REQUESTS,
  });
  jobs.add('take over the data folder of registry:2', RETRY_MS, () => takeOver.run());
  metrics?.gauge('berth_takeover_repositories', async () => {
    const figures = takeOver.isFinished ? undefined : await index.takeOver.figures();
    if (figures === undefined) return [];
    const { repositories, waiting } = figures;
    return [
      { labels: { state: 'done' }, value: repositories - waiting },
      { labels: { state: 'waiting' }, value: waiting },
    ];
  });
  return takeOver;
}

/**
 * Before a take-over that somebody asks for makes anything in the folder.
 * @throws Failure where there is nothing to take over
 */
export async function assertOriginals(folder: string): Promise<void> {
  const root = resolve(folder);
  const findings = await inspectFolder(root).catch((error: unknown) => {
    throw new Failure(`cannot read the data folder ${root}: ${reasonOf(error)}`, { cause: error });
  });
  // What is not fit is refused, with its reason, by whoever opens the folder.
  if (findings.kind !== 'own') return;
  const entries = findings.entries.toSorted();
  const some = [...entries.slice(0, 8), ...(entries.length > 8 ? ['…'] : [])].join(', ');
  throw new Failure(
    `there is nothing to take over in ${root}: below its root directory registry:2 has ${ORIGINAL_ROOT}/blobs and ${ORIGINAL_ROOT}/repositories, and here there is ${some || 'nothing'}.\nName the folder that was its storage.filesystem.rootdirectory. Nothing was changed.`,
  );
}

/**
 * Why nothing may be collected, or removed by rules, yet: while parts of what registry:2 left are not known, what they need
 * would look like garbage. Undefined where nothing is left to take over.
 */
export async function whyNotTakenOver({ index, originals }: State): Promise<string | undefined> {
  const status = await index.takeOver.status();
  if (status?.finishedAtMs !== undefined || (status === undefined && originals === undefined))
    return undefined;
  const figures = await index.takeOver.figures();
  const done =
    figures === undefined || figures.listedAtMs === undefined
      ? 'it has not begun'
      : `${figures.repositories - figures.waiting} of ${figures.repositories} repositories are done`;
  return `the take-over of what registry:2 left in the data folder is not finished (${done}); nothing is removed before`;
}

/** @throws Failure where something is left to take over */
export async function assertTakenOver(state: State): Promise<void> {
  const reason = await whyNotTakenOver(state);
  if (reason === undefined) return;
  throw new Failure(`${reason}.\nA running registry finishes it by itself, and so does: ${COMMAND} takeover`);
}
