import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { outputOf } from './command.ts';
import type { Bench } from './context.ts';
import { findCores } from './cores.ts';
import { heading } from './heading.ts';
import { writeJson } from './json.ts';
import { makeKey } from './keys.ts';
import { chooseLoader } from './load/loader.ts';
import { lookAtMachine } from './machine.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { OthersMeter } from './others.ts';
import type { Outcome, Result, Row } from './row.ts';
import { selectRows } from './rows/rows.ts';
import { berthRegistry, peerRegistry } from './server/program.ts';
import { tableRow } from './table.ts';
import { Workspace } from './workspace.ts';

/** `npm run bench`: measures Berth beside the real registry. README.md tells how to read its table. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') return console.log(USAGE);
  const rows = selectRows(options.only);
  if (process.platform !== 'linux') throw new Error('the bench needs Linux: it reads /proc');
  const started = performance.now();
  const bench = await prepare(options, new Workspace(options.dir));
  const machine = await lookAtMachine(bench.workspace);
  console.log(heading(bench, machine));
  const results: Result[] = [];
  for (const row of rows) {
    const result = await measure(row, bench);
    results.push(result);
    console.log(tableRow(result));
  }
  console.log(`\n${Math.round((performance.now() - started) / 1000)} s`);
  if (options.json !== undefined) await writeJson(options.json, bench, machine, results);
  // A missed figure is a finding; a row without figures is a failure.
  if (results.some(({ outcome }) => outcome.failures.length > 0)) process.exitCode = 1;
}

async function prepare(options: Options, workspace: Workspace): Promise<Bench> {
  const key = await makeKey('EC P-256', workspace.folder('key'));
  const { version }: { version: string } = JSON.parse(
    await readFile(join(import.meta.dirname, '../package.json'), 'utf8'),
  );
  const peerVersion = await outputOf(options.peer, ['--version']);
  const peerLabel = `registry ${/\d+\.\d+\.\d+/.exec(peerVersion ?? '')?.[0] ?? ''}`.trim();
  return {
    options,
    workspace,
    key,
    loader: await chooseLoader(options.loader, workspace),
    cores: await findCores(),
    berth: berthRegistry(options.berth, `Berth ${version}`, key, workspace),
    peer: peerVersion === undefined ? undefined : peerRegistry(options.peer, peerLabel, key, workspace),
  };
}

async function measure(row: Row, bench: Bench): Promise<Result> {
  const others = new OthersMeter(process.pid);
  const outcome = await attempt(row, bench);
  return { row, outcome, othersCpu: others.share() };
}

async function attempt(row: Row, bench: Bench): Promise<Outcome> {
  try {
    return await row.run(bench);
  } catch (error) {
    return { metrics: [], failures: [error instanceof Error ? error.message : String(error)] };
  }
}

main().catch((error: unknown) => {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
