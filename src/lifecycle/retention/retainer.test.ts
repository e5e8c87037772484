import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoppedClock } from '../../../test/support/clock.ts';
import { newFolder, removeFolder } from '../../../test/support/folders.ts';
import { recordedLog } from '../../../test/support/front-door.ts';
import { newDigest, newRepository, putManifest, tag } from '../../../test/support/index-values.ts';
import type { Index } from '../../index/index.ts';
import { openSqliteIndex } from '../../index/sqlite/open.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import { compileNamePattern } from '../../pattern/name-pattern.ts';
import type { RepositoryRule } from '../../policy/repository-rules.ts';
import { FULL_SPEED, type Pace } from '../collect/pace.ts';
import { Retainer } from './retainer.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Keeps the last tag. */
function rulesFor(repository: RepositoryName, keepLast = 1): RepositoryRule[] {
  return [
    {
      ...{ match: [compileNamePattern(repository)], immutableTags: undefined, quota: undefined },
      retention: {
        ...{ keepAll: false, keepLast, keepLastMatching: [], keepMatching: [], removeImmutable: false },
        ...{ keepYoungerThanMs: undefined, keepPulledWithinMs: undefined },
      },
    },
  ];
}

describe('retention on a schedule', () => {
  let folder: string;
  let index: Index;
  let other: Index;
  let repository: RepositoryName;
  const clock = new StoppedClock();
  const log = recordedLog();

  beforeEach(async () => {
    folder = await newFolder();
    index = await openSqliteIndex(join(folder, 'berth.db'));
    other = await openSqliteIndex(join(folder, 'berth.db'));
    repository = newRepository();
  });
  afterEach(async () => {
    await Promise.all([index.close(), other.close()]);
    await removeFolder(folder);
  });

  const push = (name: string) =>
    putManifest(index, repository, { tags: [name], atMs: clock.now() - 10 * DAY });
  const names = async (): Promise<string[]> =>
    (await index.retention.tags(repository, { after: undefined, limit: 100 })).map((one) => one.tag);
  const options = (pace: Pace = FULL_SPEED) => ({
    ...{ rules: rulesFor(repository), graceMs: HOUR, pace },
  });
  const retainerOf = (which: Index, more: Partial<ConstructorParameters<typeof Retainer>[0]> = {}) =>
    new Retainer({ index: which, clock, log, ...more });

  it('is first done an interval after it was first asked for, also by another process', async () => {
    for (const name of ['a', 'b']) await push(name);
    await retainerOf(index).runIfDue(options(), DAY);
    clock.advance(DAY - 1);
    await retainerOf(other).runIfDue(options(), DAY);
    expect(await names()).toEqual(['a', 'b']);
    clock.advance(1);
    await retainerOf(other).runIfDue(options(), DAY);
    expect(await names()).toEqual(['b']);
    await push('c');
    await retainerOf(index).runIfDue(options(), DAY);
    expect(await names()).toEqual(['b', 'c']);
  });

  it('is done by one process at a time; one that died is followed by another', async () => {
    for (const name of ['a', 'b']) await push(name);
    const held = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const waiting: Pace = {
      ...FULL_SPEED,
      step(transaction) {
        entered.resolve();
        return held.promise.then(transaction);
      },
    };
    const first = retainerOf(index).run(options(waiting));
    await entered.promise;
    expect(await retainerOf(other).run(options())).toBe('busy');
    clock.advance(5 * 60_000);
    expect(await retainerOf(other).run(options())).toMatchObject({ tags: 1 });
    held.resolve();
    // What was decided is looked at again: nothing goes twice.
    expect(await first).toMatchObject({ tags: 0 });
    expect(await names()).toEqual(['b']);
  });

  it('ends at a stop before its next step, and is due again at once', async () => {
    for (let each = 10; each < 40; each += 1) await push(`v${each}`);
    await retainerOf(index).runIfDue(options(), DAY);
    clock.advance(DAY);
    let retainer: Retainer | undefined;
    const stopping: Pace = {
      ...FULL_SPEED,
      step(transaction) {
        void retainer?.stop();
        return transaction();
      },
    };
    retainer = retainerOf(index);
    await retainer.runIfDue(options(stopping), DAY);
    expect(await names()).toHaveLength(20);
    await retainerOf(other).runIfDue(options(), DAY);
    expect(await names()).toEqual(['v39']);
  });

  it('records first what was pulled, and waits while something speaks against it', async () => {
    await push('a');
    await push('b');
    const calls: string[] = [];
    const flushPulls = async (): Promise<void> => void calls.push('flush');
    let reason: string | undefined = 'the folder is being taken over';
    const retainer = retainerOf(index, { flushPulls, whyNotNow: async () => reason });
    await retainer.runIfDue(options(), DAY);
    clock.advance(DAY);
    await retainer.runIfDue(options(), DAY);
    expect([calls, await names()]).toEqual([[], ['a', 'b']]);
    reason = undefined;
    await retainer.runIfDue(options(), DAY);
    expect([calls, await names()]).toEqual([['flush'], ['b']]);
  });

  it('decides anew where others remove, and leaves what others move or pull meanwhile', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      await push(name);
      clock.advance(1);
    }
    let isFirst = true;
    const meanwhile: Pace = {
      ...FULL_SPEED,
      async step(transaction) {
        if (isFirst) {
          isFirst = false;
          await other.tags.remove(repository, tag('e'), 'alice', clock.now());
          await putManifest(other, repository, { tags: ['a'], atMs: clock.now() });
          const [pulled] = (await other.pulls.tags(repository, { after: 'b', limit: 1 })) ?? [];
          const pull = { pulls: 1, lastAtMs: clock.now() };
          const digest = pulled?.digest ?? newDigest();
          await other.pulls.record([{ repository, manifests: [{ digest, ...pull }], tags: [] }]);
        }
        return transaction();
      },
    };
    const rules = rulesFor(repository, 2);
    // Of e and d, e is gone: then a and d are the last two. That c was pulled is no rule here.
    const total = await retainerOf(index).run({ rules, graceMs: HOUR, pace: meanwhile });
    expect(total).toMatchObject({ tags: 2 });
    expect(await names()).toEqual(['a', 'd']);
  });
});
