import type { Bench } from './context.ts';

/** The two servers that a run sets side by side. */
export type SideName = 'berth' | 'peer';

/** Both sides, Berth first. */
export const SIDES: readonly SideName[] = ['berth', 'peer'];

/** One value per round and side; index i of both sides comes from the same round. */
export type Samples<T> = Readonly<Record<SideName, readonly T[]>>;

/** What the issue asks for, in the unit of the metric or as a ratio Berth ÷ peer. */
export type Expected =
  | { readonly ratioAtLeast: number }
  | { readonly atLeast: number }
  | { readonly atMost: number };

/** One line of the table. */
export interface Metric {
  readonly label: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
  readonly samples: Samples<number>;
  readonly expected?: Expected;
}

/** What one row found. */
export interface Outcome {
  readonly metrics: readonly Metric[];
  /** Why a side has no (or fewer) values, for people. */
  readonly failures: readonly string[];
}

/** An outcome with what went on beside it. */
export interface Result {
  readonly row: Row;
  readonly outcome: Outcome;
  /** Share of the machine's CPU time that others used meanwhile, 0…1. */
  readonly othersCpu: number;
}

/** One row: some metrics that are measured together. */
export interface Row {
  /** Name for `--only` and for the JSON file. */
  readonly id: string;
  readonly title: string;
  run(bench: Bench): Promise<Outcome>;
}

/** Takes one number out of every sample. */
export function pick<T>(samples: Samples<T>, value: (sample: T) => number): Samples<number> {
  return { berth: samples.berth.map(value), peer: samples.peer.map(value) };
}
