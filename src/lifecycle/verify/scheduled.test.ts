import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoppedClock } from '../../../test/support/clock.ts';
import { newRepository } from '../../../test/support/index-values.ts';
import { noise } from '../../../test/support/pieces.ts';
import { RecordedLog } from '../../../test/support/recorded-log.ts';
import { openShared, pushBlob, type Replica, replicaOf, type Shared } from '../../../test/support/replica.ts';
import { DEFAULT_RULES } from '../../registry/manifest-rules.ts';
import { type ScheduledVerification, verifyWhenDue } from './scheduled.ts';

const HOUR = 3_600_000;

let shared: Shared;
let registry: Replica;
let clock: StoppedClock;
let log: RecordedLog;

beforeEach(async () => {
  shared = await openShared();
  clock = new StoppedClock();
  log = new RecordedLog();
  registry = replicaOf(shared, { clock });
});

afterEach(async () => {
  await registry.uploads.close();
  await shared.close();
});

const run = (owner = 'this process', more: Partial<ScheduledVerification> = {}): Promise<void> =>
  verifyWhenDue(
    { ...shared, clock, log },
    {
      intervalMs: 24 * HOUR,
      bytesPerSecond: 0,
      quarantine: true,
      rules: DEFAULT_RULES,
      signal: new AbortController().signal,
      ...more,
    },
    owner,
  );

const runs = (): unknown[] =>
  log.entries.filter(({ message }) => message === 'verified the stored content').map(({ fields }) => fields);

describe('the verification by schedule', () => {
  it('runs when it is due, in one process', async () => {
    await pushBlob(registry, newRepository(), noise(10));
    await run();
    await run();
    await run('another process');
    expect(runs()).toEqual([expect.objectContaining({ blobs: 1, damaged: 0 })]);
    clock.advance(24 * HOUR + 1);
    await run('another process');
    expect(runs()).toHaveLength(2);
  });

  it('tells the log of damage, and sets it aside', async () => {
    const repository = newRepository();
    const digest = await pushBlob(registry, repository, noise(10));
    const blob = await shared.index.blobs.find(repository, digest);
    await rm(join(shared.folder, blob?.key ?? 'nothing'));
    await run();
    expect(log.at('error')).toMatchObject([
      { fields: { kind: 'blob', digest, repository, quarantined: true } },
    ]);
    expect(await shared.index.blobs.find(repository, digest)).toBeUndefined();
  });

  it('that was stopped goes on at once, in whatever process', async () => {
    for (let count = 0; count < 5; count += 1) await pushBlob(registry, newRepository(), noise(10));
    const ending = new AbortController();
    const { content } = shared;
    let reads = 0;
    const stopping = {
      ...content,
      read: (key: string) => {
        reads += 1;
        if (reads === 3) ending.abort();
        return content.read(key);
      },
    };
    await verifyWhenDue(
      { index: shared.index, content: stopping, clock, log },
      { intervalMs: HOUR, bytesPerSecond: 0, quarantine: true, rules: DEFAULT_RULES, signal: ending.signal },
      'this process',
    );
    expect(runs()).toEqual([]);
    await run('another process');
    expect(runs()).toEqual([expect.objectContaining({ blobs: 2 })]);
  });

  it('ends where another process has taken it over', async () => {
    for (let count = 0; count < 5; count += 1) await pushBlob(registry, newRepository(), noise(10));
    const { content, index } = shared;
    let reads = 0;
    const slow = {
      ...content,
      read: async (key: string) => {
        reads += 1;
        if (reads === 2) {
          clock.advance(HOUR);
          await run('another process');
        }
        return content.read(key);
      },
    };
    await verifyWhenDue(
      { index, content: slow, clock, log },
      {
        intervalMs: HOUR,
        bytesPerSecond: 0,
        quarantine: true,
        rules: DEFAULT_RULES,
        signal: new AbortController().signal,
      },
      'this process',
    );
    expect(reads).toBeLessThan(5);
    expect(runs()).toHaveLength(1);
  });
});
