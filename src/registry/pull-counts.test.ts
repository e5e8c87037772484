import { beforeEach, describe, expect, it } from 'vitest';
import { recordedLog } from '../../test/support/front-door.ts';
import { newDigest, newRepository, tag } from '../../test/support/index-values.ts';
import type { CountedPulls } from '../index/pulls.ts';
import { PullCounts } from './pull-counts.ts';

const unused = (): never => {
  throw new Error('counting only records');
};

describe('pulls', () => {
  let recorded: (readonly CountedPulls[])[];
  let isBroken: boolean;
  let nowMs: number;
  let log: ReturnType<typeof recordedLog>;
  let counts: PullCounts;

  beforeEach(() => {
    recorded = [];
    isBroken = false;
    nowMs = 1_000;
    log = recordedLog();
    const pulls = {
      record(counted: readonly CountedPulls[]) {
        if (isBroken) return Promise.reject(new Error('database is locked'));
        recorded.push(counted);
        return Promise.resolve();
      },
      countedSinceMs: unused,
      tags: unused,
      manifests: unused,
    };
    counts = new PullCounts({ index: { pulls }, clock: { now: () => nowMs }, log });
  });

  it('of the same thing are one entry, and all are recorded together', async () => {
    const [one, two] = [newRepository(), newRepository()];
    const digest = newDigest();
    counts.count(one, digest, tag('v'));
    nowMs = 2_000;
    counts.count(one, digest, undefined);
    counts.count(two, digest, tag('v'));
    expect(recorded).toEqual([]);
    await counts.flush();
    expect(recorded).toEqual([
      [
        {
          repository: one,
          manifests: [{ digest, pulls: 2, lastAtMs: 2_000 }],
          tags: [{ tag: 'v', pulls: 1, lastAtMs: 1_000 }],
        },
        {
          repository: two,
          manifests: [{ digest, pulls: 1, lastAtMs: 2_000 }],
          tags: [{ tag: 'v', pulls: 1, lastAtMs: 2_000 }],
        },
      ],
    ]);
    await counts.flush();
    expect(recorded).toHaveLength(1);
  });

  it('of a thousand things do not wait for their time', async () => {
    const repository = newRepository();
    for (let each = 0; each < 1_000; each += 1) counts.count(repository, newDigest(), undefined);
    await Promise.resolve();
    expect(recorded[0]?.[0]?.manifests).toHaveLength(1_000);
  });

  it('that cannot be recorded wait, are counted once, and are bounded', async () => {
    isBroken = true;
    const repository = newRepository();
    const digest = newDigest();
    counts.count(repository, digest, tag('v'));
    await counts.flush();
    nowMs = 3_000;
    counts.count(repository, digest, tag('v'));
    for (let each = 0; each < 20_000; each += 1) counts.count(repository, newDigest(), undefined);
    counts.count(repository, digest, tag('v'));
    await counts.flush();
    expect(log.lines.some(({ message }) => message.includes('trying again'))).toBe(true);
    const missing = log.lines.filter(({ message }) => message.includes('missing in the statistics'));
    expect(missing.map(({ fields }) => fields['pulls'])).toEqual([2]);
    isBroken = false;
    await counts.flush();
    const [counted] = recorded[0] ?? [];
    expect(counted?.manifests).toHaveLength(19_999);
    expect(counted?.manifests[0]).toEqual({ digest, pulls: 3, lastAtMs: 3_000 });
    expect(counted?.tags).toEqual([{ tag: 'v', pulls: 3, lastAtMs: 3_000 }]);
  });
});
