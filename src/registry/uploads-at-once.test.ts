import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate as tick } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newRepository } from '../../test/support/index-values.ts';
import { openFilesBelow } from '../../test/support/open-files.ts';
import { noise } from '../../test/support/pieces.ts';
import {
  bodyOf,
  chunk,
  length,
  NOTHING_ANNOUNCED,
  openShared,
  pullBlob,
  pushBlob,
  type Replica,
  replicaOf,
  type Shared,
} from '../../test/support/replica.ts';
import { RegistryError } from '../errors.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/reference.ts';
import { type Body, BodyInterrupted } from './body.ts';

/** Requests on one upload at the same time, in one process and in two. */

let shared: Shared;
let here: Replica;
let there: Replica;
let repository: RepositoryName;

beforeAll(async () => {
  shared = await openShared();
});

afterAll(() => shared.close());

beforeEach(() => {
  here = replicaOf(shared);
  there = replicaOf(shared);
  repository = newRepository();
});

afterEach(async () => {
  await here.uploads.close();
  await there.uploads.close();
  await here.uploads.expire(Number.MAX_SAFE_INTEGER);
  await shared.sweep();
});

const openContent = (): Promise<string[]> => openFilesBelow(join(shared.folder, 'content'));

/** A refusal that a client can be told about; anything else is a fault. */
function isFair(error: unknown): boolean {
  return error instanceof RegistryError || error instanceof BodyInterrupted;
}

async function fairly<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isFair(error)) return undefined;
    throw error;
  }
}

describe('two requests at once on one upload', () => {
  it.each(['one process', 'two processes'])('that append: one at a time counts (%s)', async (where) => {
    const other = where === 'one process' ? here : there;
    for (let round = 0; round < 15; round += 1) {
      const { id } = await here.uploads.start(repository);
      const [a, b] = [noise(5_000), noise(7_000)];
      const first = fairly(here.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf(a)));
      for (let turn = 0; turn < round % 5; turn += 1) await tick();
      const second = fairly(other.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf(b)));
      const outcomes = await Promise.all([first, second]);
      // Whoever was told that its bytes are in finds them there, in the order of the offsets.
      const taken = [
        { status: outcomes[0], bytes: a },
        { status: outcomes[1], bytes: b },
      ]
        .filter(({ status }) => status !== undefined)
        .sort((x, y) => (x.status?.offsetBytes ?? 0) - (y.status?.offsetBytes ?? 0));
      expect(taken.length).toBeGreaterThan(0);
      const whole = Buffer.concat(taken.map(({ bytes }) => bytes));
      expect((await here.uploads.status(repository, id)).offsetBytes).toBe(whole.byteLength);
      await other.uploads.finish(repository, id, digestOf(whole), length(0), bodyOf());
      expect((await pullBlob(here, repository, digestOf(whole))).equals(whole)).toBe(true);
    }
    await here.uploads.close();
    await there.uploads.close();
    expect(await openContent()).toEqual([]);
  });

  it.each(['one process', 'two processes'])(
    'that send the same chunk: it counts once (%s)',
    async (where) => {
      const other = where === 'one process' ? here : there;
      for (let round = 0; round < 15; round += 1) {
        const { id } = await here.uploads.start(repository);
        const bytes = noise(5_000);
        const announced = chunk(0, 4_999, 5_000);
        const outcomes = await Promise.all([
          fairly(here.uploads.append(repository, id, announced, bodyOf(bytes))),
          fairly(other.uploads.append(repository, id, announced, bodyOf(bytes))),
        ]);
        expect(outcomes.filter((outcome) => outcome !== undefined)).toHaveLength(1);
        expect((await there.uploads.status(repository, id)).offsetBytes).toBe(5_000);
      }
    },
  );

  it.each(['one process', 'two processes'])('that finish: the blob is there, whole (%s)', async (where) => {
    const other = where === 'one process' ? here : there;
    for (let round = 0; round < 15; round += 1) {
      const { id } = await here.uploads.start(repository);
      const bytes = noise(6_000);
      const digest = digestOf(bytes);
      await here.uploads.append(repository, id, NOTHING_ANNOUNCED, bodyOf(bytes.subarray(0, 2_000)));
      const rest = (): Body => bodyOf(bytes.subarray(2_000));
      const first = here.uploads.finish(repository, id, digest, length(4_000), rest()).then(() => true);
      for (let turn = 0; turn < round % 5; turn += 1) await tick();
      const second = other.uploads.finish(repository, id, digest, length(4_000), rest()).then(() => true);
      const outcomes = await Promise.all([fairly(first), fairly(second)]);
      expect(outcomes.filter((outcome) => outcome === true)).toHaveLength(1);
      await shared.sweep();
      expect((await pullBlob(here, repository, digest)).equals(bytes)).toBe(true);
    }
    await here.uploads.close();
    await there.uploads.close();
    expect(await openContent()).toEqual([]);
  });

  it('leave no file open, however they meet', async () => {
    // A file that nobody closes is closed by the garbage collector, which ends the process with an error.
    for (let round = 0; round < 30; round += 1) {
      const { id } = await here.uploads.start(repository);
      const requests = Array.from({ length: 4 }, async (_, number) => {
        for (let turn = 0; turn < number * (round % 7); turn += 1) await tick();
        const body = number % 2 === 0 ? bodyOf(noise(500)) : bodyOf();
        return fairly(here.uploads.append(repository, id, NOTHING_ANNOUNCED, body));
      });
      await Promise.all(requests);
      await here.uploads.close();
      expect(await openContent()).toEqual([]);
    }
  });
});

/** What a random request does. The bytes are always the right ones for the place that it names. */
type Request =
  | {
      readonly kind: 'append' | 'finish';
      readonly replica: number;
      readonly to: number;
      readonly cut: number;
    }
  | { readonly kind: 'wrong' | 'cancel' | 'push' | 'sweep' | 'status'; readonly replica: number };

const SIZE = 12_000;

const request: fc.Arbitrary<Request> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('append' as const, 'append' as const, 'finish' as const),
      replica: fc.nat(1),
      to: fc.integer({ min: 1, max: 4 }).map((quarters) => (quarters * SIZE) / 4),
      // After how many of the pieces the client goes away; most do not.
      cut: fc.oneof(fc.constant(99), fc.constant(99), fc.integer({ min: 0, max: 3 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'wrong' as const,
        'cancel' as const,
        'push' as const,
        'sweep' as const,
        'status' as const,
      ),
      replica: fc.nat(1),
    }),
  },
);

/** A body whose pieces arrive when the scheduler says so. */
function scheduled(scheduler: fc.Scheduler, bytes: Uint8Array, cut: number): Body {
  return Readable.from(
    (async function* () {
      for (let piece = 0; piece * 1_500 < bytes.byteLength; piece += 1) {
        await scheduler.schedule(Promise.resolve(), 'a piece arrives');
        if (piece >= cut) throw new Error('the client went away');
        yield Buffer.from(bytes.subarray(piece * 1_500, (piece + 1) * 1_500));
      }
    })(),
    { objectMode: false },
  );
}

describe('requests in any order over two replicas', () => {
  it('never corrupt anything: what was acknowledged reads back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.array(request, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 4 }),
        async (scheduler, clients) => {
          // What an earlier run left open is that run's failure.
          const openBefore = new Set(await openContent());
          const replicas = [replicaOf(shared), replicaOf(shared)];
          const at = (number: number): Replica => replicas[number] ?? here;
          const where = newRepository();
          const bytes = noise(SIZE);
          const { id } = await at(0).uploads.start(where);
          const committed = new Set<Digest>();
          let acknowledged = 0;
          let isOver = false;

          const perform = async (step: Request): Promise<void> => {
            const { uploads } = at(step.replica);
            if (step.kind === 'sweep') return shared.sweep();
            if (step.kind === 'cancel') {
              await fairly(uploads.cancel(where, id).then(() => (isOver = true)));
              return;
            }
            if (step.kind === 'push') {
              committed.add(await pushBlob(at(step.replica), where, bytes.subarray(0, SIZE / 2)));
              return;
            }
            const status = await fairly(uploads.status(where, id));
            if (status === undefined || step.kind === 'status') return;
            const { offsetBytes } = status;
            if (step.kind === 'wrong') {
              if (scheduler.count() % 3 !== 0) return;
              isOver = true;
              const wrong = digestOf(Buffer.from('wrong'));
              await fairly(uploads.finish(where, id, wrong, length(0), bodyOf()));
              return;
            }
            if (!('to' in step)) return;
            const end = Math.max(step.to, offsetBytes);
            const piece = bytes.subarray(offsetBytes, end);
            const announced = end > offsetBytes ? chunk(offsetBytes, end - 1) : length(0);
            const body = scheduled(scheduler, piece, step.cut);
            if (step.kind === 'append') {
              const after = await fairly(uploads.append(where, id, announced, body));
              if (after === undefined) return;
              // Without a range, no bytes may come to stand anywhere.
              if (announced.range !== undefined) expect(after.offsetBytes).toBe(end);
              acknowledged = Math.max(acknowledged, after.offsetBytes);
              return;
            }
            const digest = digestOf(bytes.subarray(0, end));
            const done = await uploads
              .finish(where, id, digest, announced, body)
              .then(() => true)
              .catch((error: unknown) => {
                if (!isFair(error)) throw error;
                // The digest was of what another client had reached meanwhile.
                if (error instanceof RegistryError && error.entry.code === 'DIGEST_INVALID') isOver = true;
                return false;
              });
            if (!done) return;
            isOver = true;
            committed.add(digest);
          };

          const all = Promise.all(
            clients.map(async (steps) => {
              for (const step of steps) {
                await scheduler.schedule(Promise.resolve(), `${step.kind} on replica ${step.replica}`);
                await perform(step);
              }
            }),
          );
          await scheduler.waitFor(all);

          // What is left of the upload is what was acknowledged, and it can be finished by anybody.
          const status = await fairly(at(1).uploads.status(where, id));
          if (!isOver) {
            expect(status?.offsetBytes).toBeGreaterThanOrEqual(acknowledged);
            const rest = bytes.subarray(status?.offsetBytes ?? 0);
            await at(1).uploads.finish(where, id, digestOf(bytes), length(rest.byteLength), bodyOf(rest));
            committed.add(digestOf(bytes));
          }
          await shared.sweep();
          for (const digest of committed) {
            const found = await pullBlob(at(0), where, digest);
            expect(digestOf(found)).toBe(digest);
          }
          for (const replica of replicas) {
            await replica.uploads.expire(Number.MAX_SAFE_INTEGER);
            await replica.uploads.close();
          }
          await shared.sweep();
          for (const digest of committed) expect(digestOf(await pullBlob(at(0), where, digest))).toBe(digest);
          expect((await openContent()).filter((file) => !openBefore.has(file))).toEqual([]);
          for (const replica of replicas) expect(replica.log.entries).toEqual([]);
        },
      ),
      // What a failed run leaves under way would disturb the runs that make its example smaller.
      { numRuns: 80, endOnFailure: true, interruptAfterTimeLimit: 4_000, markInterruptAsFailure: false },
    );
  });
});
