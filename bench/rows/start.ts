import type { Bench } from '../context.ts';
import { Pair } from '../pair.ts';
import type { Outcome, Row, SideName } from '../row.ts';
import type { Program } from '../server/program.ts';
import { berthAllInOne } from '../server/program.ts';

/** Starts both programs again and again, each time on an empty folder, and stops them at once. */
async function starts(bench: Bench, berth: Program, peer: Program | undefined): Promise<Outcome> {
  const samples: Record<SideName, number[]> = { berth: [], peer: [] };
  const failures: string[] = [];
  for (let run = 0; run < bench.options.effort.starts && failures.length === 0; run += 1) {
    const pair = await Pair.start(() => berth.start(), peer === undefined ? undefined : () => peer.start());
    await pair.each(async (server, side) => {
      samples[side].push(server.startMs);
    });
    await pair.stop();
    failures.push(...pair.failures);
  }
  const metric = { label: 'time', unit: 'ms', better: 'less', samples, expected: { atMost: 1000 } } as const;
  return { metrics: [metric], failures };
}

/** Both as a registry with tokens of a foreign issuer. */
export const firstAnswer: Row = {
  id: 'first-answer',
  title: 'process start to first answer',
  run: (bench) => starts(bench, bench.berth, bench.peer),
};

/** Berth with nothing configured: makes its keys, its database and its first account. */
export const firstStart: Row = {
  id: 'first-start',
  title: 'the same, all in one, first start',
  run: (bench) =>
    starts(bench, berthAllInOne(bench.options.berth, bench.berth.label, bench.workspace), undefined),
};
