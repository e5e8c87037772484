import type { TakeOverFigures, TakeOverFinding } from '../../index/takeover.ts';
import { FULL_SPEED } from '../../lifecycle/collect/pace.ts';
import { describeFinding } from '../../lifecycle/takeover/finding-kinds.ts';
import { TakeOver } from '../../lifecycle/takeover/take-over.ts';
import { NO_LOG, SYSTEM_CLOCK } from '../../ports.ts';
import { loadConfiguration, openConfiguredState } from '../configuration.ts';
import { Failure, reasonOf } from '../failure.ts';
import { say } from '../say.ts';
import type { State } from '../state.ts';
import { assertOriginals } from '../take-over.ts';
import { findingLines, summaryLines } from '../take-over-report.ts';

/** What the command line says. */
export interface TakeOverOptions {
  readonly report?: boolean;
  readonly json?: boolean;
  readonly again?: boolean;
}

/** Nobody else is to be left room for. */
const LANES = 8;
const FINDINGS_PAGE = 500;

async function* findingsOf({ index }: State): AsyncGenerator<TakeOverFinding> {
  let after: TakeOverFinding | undefined;
  do {
    const page = await index.takeOver.findings({ after, limit: FINDINGS_PAGE });
    yield* page;
    after = page.length < FINDINGS_PAGE ? undefined : page.at(-1);
  } while (after !== undefined);
}

function progress({ repositories, waiting, findings }: TakeOverFigures): void {
  process.stderr.write(`${repositories - waiting} of ${repositories} repositories, ${findings} findings\n`);
}

/** @throws Failure */
async function takeOverNow(
  state: State & { readonly originals: NonNullable<State['originals']> },
): Promise<void> {
  const takeOver = new TakeOver({
    ...{ index: state.index, content: state.content, tree: state.originals },
    ...{ clock: SYSTEM_CLOCK, log: NO_LOG, pace: FULL_SPEED, lanes: LANES, onProgress: progress },
  });
  const stop = (): void => void takeOver.stop();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    await takeOver.run();
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    const reasons = new Set(error.errors.map(reasonOf));
    throw new Failure(
      `${error.message}: ${[...reasons].join('; ')}\nRun the command again once that is mended; it goes on where it stopped.`,
      { cause: error },
    );
  }
  if (!takeOver.isFinished)
    throw new Failure('stopped; run the command again, and it goes on where it stopped');
}

async function tell(state: State, figures: TakeOverFigures, options: TakeOverOptions): Promise<void> {
  const counts = await state.index.takeOver.findingCounts();
  if (options.json === true) {
    const findings: unknown[] = [];
    for await (const finding of findingsOf(state))
      findings.push({ ...finding, ...describeFinding(finding.kind) });
    say(
      JSON.stringify(
        { isFinished: figures.finishedAtMs !== undefined, ...figures, counts, findings },
        null,
        2,
      ),
    );
    return;
  }
  for (const line of summaryLines(figures, counts)) say(line);
  if (options.report !== true) return;
  let kind: string | undefined;
  for await (const finding of findingsOf(state)) {
    for (const line of findingLines(finding, finding.kind !== kind)) say(line);
    kind = finding.kind;
  }
}

/**
 * `berth takeover [config.yml]`: takes over what registry:2 left in the data folder, beside a running registry or
 * alone, or with `--report` only tells what was found. The exit code is 0 where nothing is amiss, 1 where something is
 * missing or damaged, 2 where the take-over is not finished.
 * @throws ConfigError, Failure
 */
export async function takeOver(file: string | undefined, options: TakeOverOptions): Promise<void> {
  if (options.report !== true) {
    const { storage } = loadConfiguration(file).config;
    if (!storage.isTemporary) await assertOriginals(storage.rootDirectory);
  }
  const state = await openConfiguredState(file, { mayCreate: options.report !== true });
  try {
    const { index, originals } = state;
    if (options.report !== true && originals !== undefined) {
      if (options.again === true) await index.takeOver.beginAgain(Date.now());
      await takeOverNow({ ...state, originals });
    }
    const figures = await index.takeOver.figures();
    if (figures === undefined) throw new Failure('nothing was ever taken over into this data folder');
    await tell(state, figures, options);
    const counts = await index.takeOver.findingCounts();
    const hasProblems = Object.keys(counts).some((kind) => describeFinding(kind).isProblem);
    process.exitCode = figures.finishedAtMs === undefined ? 2 : hasProblems ? 1 : 0;
  } finally {
    await state.index.close();
  }
}
