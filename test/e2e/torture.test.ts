import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { mountSmallDisk } from '../torture/disk.ts';
import { DEFECTS, plantedModule } from '../torture/planted.ts';
import { placeIn } from '../torture/server.ts';
import { compileSqliteFaults } from '../torture/sqlite-faults.ts';
import { type TortureReport, torture } from '../torture/torture.ts';
import { folder } from './support/root.ts';

/* `npm run torture` goes on for longer. */

const DISK_BYTES = 384 * 2 ** 20;
const ATTEMPTS = 4;

/** What has to be found of each defect. */
const FOUND: Readonly<Record<keyof typeof DEFECTS, RegExp>> = {
  'no-sync': /does not pull whole|were acknowledged, and the server has|the blob \S+ of \d+ bytes is/,
  'no-folder-sync': /does not pull whole|were acknowledged, and the server has|has no bytes/,
  'no-removal-sync': /nothing refers to content\/\S+, and it is still there/,
  'key-before-row': /does not pull whole|has no bytes/,
  'early-acknowledgement': /which nothing explains/,
  'no-recheck': /does not pull whole/,
  'truncated-blob': /does not pull whole: \S+ \S+ came as/,
  'lost-deletion': /which nothing explains/,
  leak: /nothing refers to content\/\S+, and it is still there/,
};

it('a minute of kills, losses of power, faults and a full disk: nothing acknowledged is lost, nothing is left over', async () => {
  const place = folder('torture');
  const disk = join(place, 'disk');
  mkdirSync(disk);
  const mounted = mountSmallDisk(disk, DISK_BYTES);
  if (typeof mounted === 'string')
    process.stderr.write(`\nSKIPPED: the full disk of the torture: ${mounted}\n`);
  else onTestFinished(() => mounted.unmount());
  const library = compileSqliteFaults(place);
  if ('why' in library) process.stderr.write(`\nSKIPPED: faults in the calls of SQLite: ${library.why}\n`);
  const report = await torture({
    place: placeIn(place, disk),
    sqliteFaults: 'path' in library ? library.path : undefined,
    disk: typeof mounted === 'string' ? undefined : mounted,
    seconds: 60,
    seed: Date.now() % 1e6,
  });
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  expect(report.findings, `seed ${report.seed}`).toEqual([]);
  expect(report.checked['present']).toBeGreaterThan(0);
  expect(Object.keys(report.faults).length).toBeGreaterThan(5);
  expect(report.ends['loss of power'] ?? 0).toBeGreaterThan(0);
  expect(report.operations['collection']?.['finished'] ?? 0).toBeGreaterThan(0);
}, 240_000);

describe('a defect that was planted is found', () => {
  it.each(Object.keys(DEFECTS))(
    '%s',
    async (name) => {
      let report: TortureReport | undefined;
      for (let seed = 1; seed <= ATTEMPTS; seed += 1) {
        const place = folder(`planted-${name}-${seed}`);
        report = await torture({
          place: placeIn(place, place),
          disk: undefined,
          seconds: 20,
          seed,
          planted: plantedModule(name),
          withFaults: false,
          stopAtFirst: true,
        });
        if (report.findings.length > 0) break;
      }
      expect(report?.findings.join('\n')).toMatch(FOUND[name] ?? /never/);
    },
    240_000,
  );
});
