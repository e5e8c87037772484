import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StoppedClock } from '../../test/support/clock.ts';
import { newRepository } from '../../test/support/index-values.ts';
import { RecordedLog } from '../../test/support/recorded-log.ts';
import { openShared, type Replica, replicaOf, type Shared } from '../../test/support/replica.ts';
import { expireUploads } from './expire-uploads.ts';

const HOUR = 3_600_000;

let shared: Shared;
let clock: StoppedClock;
let log: RecordedLog;
let registry: Replica;

beforeAll(async () => {
  shared = await openShared();
});

afterAll(() => shared.close());

beforeEach(() => {
  clock = new StoppedClock();
  log = new RecordedLog();
  registry = replicaOf(shared, { clock });
});

afterEach(async () => {
  await registry.uploads.expire(Number.MAX_SAFE_INTEGER);
  await registry.uploads.close();
});

const expire = (dryRun: boolean): Promise<void> =>
  expireUploads({ index: shared.index, uploads: registry.uploads, clock, log }, { ageMs: 24 * HOUR, dryRun });

describe('the expiry of uploads', () => {
  it('ends those that nobody touched for the given time, and says how many', async () => {
    const repository = newRepository();
    const old = [await registry.uploads.start(repository), await registry.uploads.start(repository)];
    clock.advance(2 * HOUR);
    const young = await registry.uploads.start(repository);
    clock.advance(22 * HOUR);
    await expire(false);
    expect(log.entries).toEqual([]);
    clock.advance(1);
    await expire(false);
    for (const { id } of old) expect(await shared.index.uploads.find(id)).toBeUndefined();
    expect(await shared.index.uploads.find(young.id)).toBeDefined();
    expect(log.entries).toMatchObject([{ level: 'info', fields: { uploads: 2, ageMs: 24 * HOUR } }]);
  });

  it('in a dry run ends none, and says which it would be', async () => {
    const repository = newRepository();
    const old = await registry.uploads.start(repository);
    clock.advance(25 * HOUR);
    await registry.uploads.start(repository);
    await expire(true);
    expect(await shared.index.uploads.find(old.id)).toBeDefined();
    expect(log.entries).toMatchObject([{ level: 'info', fields: { uploads: [old.id] } }]);
  });

  it('says nothing where there is nothing to end', async () => {
    await registry.uploads.start(newRepository());
    await expire(true);
    await expire(false);
    expect(log.entries).toEqual([]);
  });
});
