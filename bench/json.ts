import { writeFile } from 'node:fs/promises';
import type { Bench } from './context.ts';
import { ratioOf, verdict } from './judge.ts';
import type { Machine } from './machine.ts';
import type { Result } from './row.ts';
import { median } from './stats.ts';

/** JSON has no NaN. */
function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

/** Writes everything measured, each sample included. */
export async function writeJson(
  file: string,
  { options, berth, peer, loader }: Bench,
  machine: Machine,
  results: readonly Result[],
): Promise<void> {
  const rows = results.map(({ row, outcome, othersCpu }) => ({
    id: row.id,
    title: row.title,
    othersCpu,
    failures: outcome.failures,
    metrics: outcome.metrics.map((metric) => ({
      ...metric,
      median: { berth: orNull(median(metric.samples.berth)), peer: orNull(median(metric.samples.peer)) },
      ratio: orNull(ratioOf(metric)),
      verdict: verdict(metric) ?? null,
    })),
  }));
  const facts = {
    at: new Date().toISOString(),
    quick: options.quick,
    berth: berth.label,
    peer: peer?.label ?? null,
    loaders: { get: loader.get.label, head: loader.head.label },
    machine,
    rows,
  };
  await writeFile(file, `${JSON.stringify(facts, null, 2)}\n`);
}
