import type { Bench } from './context.ts';
import { describe, type Machine } from './machine.ts';
import { CONNECTIONS } from './rows/requests.ts';
import { tableHead } from './table.ts';

/** Everything above the rows: what is measured, where, how, and the names of the columns. */
export function heading({ options, workspace, loader, berth, peer }: Bench, machine: Machine): string {
  const { rounds, downloadRounds } = options.effort;
  const quick = options.quick ? '; --quick: shows that it runs, not how fast' : '';
  return [
    `${berth.label} beside ${peer?.label ?? `nothing: ${options.peer} is not installed`}`,
    ...describe(machine, workspace.root),
    `load:     ${CONNECTIONS} connections; GET: ${loader.get.label}; HEAD: ${loader.head.label}`,
    `method:   medians of ${rounds} alternating rounds (downloads ${downloadRounds})${quick}`,
    '',
    tableHead(berth.label, peer?.label ?? 'no peer'),
  ].join('\n');
}
