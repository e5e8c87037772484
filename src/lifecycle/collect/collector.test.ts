import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoppedClock } from '../../../test/support/clock.ts';
import { newFolder, removeFolder } from '../../../test/support/folders.ts';
import { recordedLog } from '../../../test/support/front-door.ts';
import { newDigest, newRepository, putBlob } from '../../../test/support/index-values.ts';
import type { ContentStore } from '../../content/content-store.ts';
import type { Index } from '../../index/index.ts';
import { openSqliteIndex } from '../../index/sqlite/open.ts';
import { Collector } from './collector.ts';
import { FULL_SPEED, type Pace } from './pace.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WISHES = { graceMs: HOUR, keepDeletedMs: DAY, untagged: false, originals: false };

describe('the collector of a running registry', () => {
  let folder: string;
  let index: Index;
  const clock = new StoppedClock();
  const content = { remove: async () => undefined } as unknown as ContentStore;
  const repository = newRepository();

  beforeEach(async () => {
    folder = await newFolder();
    index = await openSqliteIndex(join(folder, 'berth.db'));
  });
  afterEach(async () => {
    await index.close();
    await removeFolder(folder);
  });

  const collector = (more: { pace?: Pace; whyNotNow?: () => Promise<string | undefined> } = {}) =>
    new Collector({ index, content, clock, log: recordedLog(), pace: FULL_SPEED, ...more });
  const stray = async () => {
    const digest = newDigest();
    await putBlob(index, repository, digest, 1, clock.now());
    return { digest, isThere: async () => (await index.blobs.find(repository, digest)) !== undefined };
  };
  const due = (one: Collector) => one.runIfDue(WISHES, DAY);

  it('collects once in an interval, whichever process looks, and not before the first is over', async () => {
    const [one, two] = [collector(), collector()];
    const first = await stray();
    clock.advance(2 * HOUR);
    await due(one);
    expect(await first.isThere()).toBe(true);
    expect(await one.state()).toEqual({ isRunning: false, startedAtMs: undefined, last: undefined });
    clock.advance(DAY - 1);
    await due(two);
    expect(await first.isThere()).toBe(true);
    clock.advance(1);
    await Promise.all([due(one), due(two)]);
    expect(await first.isThere()).toBe(false);
    expect(await two.state()).toMatchObject({
      isRunning: false,
      last: { wishes: WISHES, collected: { blobs: 1 } },
    });
    const second = await stray();
    clock.advance(DAY - 1);
    await Promise.all([due(one), due(two)]);
    expect(await second.isThere()).toBe(true);
    clock.advance(1);
    await due(two);
    expect(await second.isThere()).toBe(false);
  });

  it('does one at a time, and says so', async () => {
    const gate = Promise.withResolvers<void>();
    const slow: Pace = {
      ...FULL_SPEED,
      async step(transaction) {
        await gate.promise;
        return transaction();
      },
    };
    const one = collector({ pace: slow });
    expect(await one.start(WISHES, 'alice')).toBe('started');
    expect(await one.start(WISHES, 'alice')).toBe('busy');
    expect(await collector().start(WISHES, 'bob')).toBe('busy');
    expect(await collector().state()).toMatchObject({ isRunning: true, startedAtMs: clock.now() });
    gate.resolve();
    await expect.poll(async () => (await one.state()).isRunning).toBe(false);
    expect((await one.state()).last).toMatchObject({ actor: 'alice' });
    expect(await collector().start(WISHES, 'bob')).toBe('started');
    await expect.poll(async () => (await one.state()).last?.actor).toBe('bob');
  });

  it('goes on after a stop, and after a process that died, with the next', async () => {
    const gone = await stray();
    clock.advance(2 * HOUR);
    await due(collector());
    clock.advance(DAY);
    const stopped = collector();
    await stopped.stop();
    await due(stopped);
    expect(await gone.isThere()).toBe(true);
    const claim = { name: 'garbage-collect', owner: 'dead', nowMs: clock.now(), untilMs: clock.now() + HOUR };
    await index.leases.claim({ ...claim, dueBeforeMs: clock.now() });
    await due(collector());
    expect(await gone.isThere()).toBe(true);
    clock.advance(HOUR);
    await due(collector());
    expect(await gone.isThere()).toBe(false);
  });

  it('does nothing while something stands against it', async () => {
    const kept = await stray();
    const waiting = collector({ whyNotNow: async () => 'the folder is being taken over' });
    await due(waiting);
    clock.advance(2 * DAY);
    await due(waiting);
    expect(await waiting.start(WISHES, '')).toEqual({ reason: 'the folder is being taken over' });
    expect(await kept.isThere()).toBe(true);
    await due(collector());
    expect(await kept.isThere()).toBe(false);
  });

  it('tells why one did not come to its end', async () => {
    const fault = { remove: async () => Promise.reject(new Error('a bad disk')) } as unknown as ContentStore;
    await stray();
    clock.advance(2 * HOUR);
    const log = recordedLog();
    const broken = new Collector({ index, content: fault, clock, log, pace: FULL_SPEED });
    await broken.start(WISHES, 'alice');
    await expect.poll(async () => (await broken.state()).last?.error).toMatch(/could not be removed/);
    expect(log.lines).toMatchObject([{ level: 'error', message: 'a garbage collection failed' }]);
  });

  it('changes nothing in a dry run, and says what would go', async () => {
    const kept = await stray();
    clock.advance(2 * HOUR);
    expect(await collector().dryRun(WISHES)).toMatchObject({ blobs: 1, freedBytes: 1 });
    expect(await kept.isThere()).toBe(true);
    expect((await collector().state()).last).toBeUndefined();
  });

  it('leaves files of registry:2 where they are, unless they are wanted', async () => {
    const removed: string[] = [];
    const store = { remove: async (key: string) => void removed.push(key) } as unknown as ContentStore;
    const original = 'docker/registry/v2/blobs/sha256/ab/abcd/data';
    const digest = newDigest();
    const upload = { id: 'an-upload', repository, key: 'a-key', atMs: clock.now() };
    await index.uploads.create(upload);
    const blob = { uploadId: 'an-upload', repository, digest, key: original, sizeBytes: 1 };
    await index.blobs.commit({ ...blob, atMs: clock.now() });
    clock.advance(2 * HOUR);
    const own = new Collector({ index, content: store, clock, log: recordedLog(), pace: FULL_SPEED });
    await own.start(WISHES, '');
    await expect.poll(async () => (await own.state()).last?.collected?.blobs).toBe(1);
    expect(removed).toEqual(['a-key']);
    expect(await index.blobs.discarded(10)).toEqual([original]);
    await own.start({ ...WISHES, originals: true }, '');
    await expect.poll(() => removed).toEqual(['a-key', original]);
  });
});
