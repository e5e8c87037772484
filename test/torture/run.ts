/**
 * `npm run torture [-- --seconds 300 --seed 1 --planted NAME --keep]`: real servers under parallel pushers, mounters,
 * deleters, retaggers, pullers and the collector, killed and cut off from power, with faults in each system call and
 * a full disk; then everything is compared with what was acknowledged. Ends by itself; exit code 1 where something
 * was found.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mountSmallDisk } from './disk.ts';
import { plantedModule } from './planted.ts';
import { placeIn } from './server.ts';
import { compileSqliteFaults } from './sqlite-faults.ts';
import { torture } from './torture.ts';

const DISK_BYTES = 384 * 2 ** 20;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    planted: { type: 'string' },
    'without-faults': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** The small disk is mounted where nobody else sees it, and where it goes away with this process. */
function inOwnNamespace(): boolean {
  if (process.getuid?.() !== 0 || process.env['TORTURE_NAMESPACE'] !== undefined) return false;
  if (spawnSync('unshare', ['--mount', 'true']).status !== 0) return false;
  const again = spawnSync(
    'unshare',
    ['--mount', process.execPath, ...process.argv.slice(1), '--seed', values.seed],
    {
      stdio: 'inherit',
      env: { ...process.env, TORTURE_NAMESPACE: 'own' },
    },
  );
  process.exitCode = again.status ?? 1;
  return true;
}

async function run(): Promise<void> {
  const seconds = Number(values.seconds);
  const seed = Number(values.seed);
  const folder = mkdtempSync(join(tmpdir(), 'berth-torture-'));
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const mounted = values.keep
    ? 'what is kept cannot be on a disk that goes away'
    : mountSmallDisk(disk, DISK_BYTES);
  if (typeof mounted === 'string') print(`SKIPPED: the full disk: ${mounted}`);
  const library = compileSqliteFaults(folder);
  if ('why' in library) print(`SKIPPED: faults in the calls of SQLite: ${library.why}`);
  print(`torturing Berth for ${seconds} s, seed ${seed}, in ${folder}`);
  let isClean = false;
  try {
    const report = await torture({
      place: placeIn(folder, disk),
      disk: typeof mounted === 'string' ? undefined : mounted,
      seconds,
      seed,
      sqliteFaults: 'path' in library ? library.path : undefined,
      planted: plantedModule(values.planted),
      withFaults: !values['without-faults'],
    });
    print(JSON.stringify({ ...report, findings: undefined }, undefined, 2));
    for (const finding of report.findings) print(`FOUND ${finding}`);
    isClean = report.findings.length === 0;
    print(
      isClean
        ? 'nothing was found'
        : `${report.findings.length} findings; npm run torture -- --seconds ${seconds} --seed ${seed} tries the same again`,
    );
  } catch (error) {
    print(`FOUND the run broke off: ${error instanceof Error ? error.stack : error}`);
  } finally {
    if (typeof mounted !== 'string') mounted.unmount();
    if (!values.keep) rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = isClean ? 0 : 1;
}

if (!inOwnNamespace()) await run();
