import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Audience, ChangeNote, Lane, Tally } from '../../src/index/events.ts';
import type { Index } from '../../src/index/index.ts';
import { audienceOf, newEndpoint, noteFor, ORIGIN, occurrence } from '../support/event-values.ts';
import {
  beginUpload,
  manifestOf,
  newDigest,
  newRepository,
  putBlob,
  putManifest,
  tag,
} from '../support/index-values.ts';
import type { IndexUnderTest } from './index/under-test.ts';

const EVERYTHING = { endpoint: undefined, state: undefined, sinceMs: 0 };

/** What every queue of events promises. Call it inside a `describe` that names the adapter. */
export function eventIndexContract(open: () => Promise<IndexUnderTest>): void {
  let place: IndexUnderTest;
  let index: Index;

  beforeAll(async () => {
    place = await open();
    index = place.index;
  });

  afterAll(() => place.remove());

  const claimOne = async (endpoint: string, at: { nowMs?: number; untilMs?: number } = {}): Promise<Lane> => {
    const { nowMs = 5_000, untilMs = 9_000 } = at;
    const [lane] = await index.events.claim({ endpoint, owner: randomUUID(), nowMs, untilMs, limit: 1 });
    if (lane === undefined) throw new Error('there was no lane to claim');
    return lane;
  };

  const settle = (
    lane: Lane,
    position: number,
    state: 'pending' | 'delivered' | 'parked',
    dueAtMs?: number,
  ) =>
    index.events.settle({
      lane,
      delivered: state === 'delivered' ? [position] : [],
      failed: state === 'delivered' ? undefined : { position, state, reason: 'no answer' },
      next: dueAtMs === undefined ? { kind: 'keep', untilMs: 9_000 } : { kind: 'release', dueAtMs },
    });

  const headOf = async (lane: Lane) => {
    const [head] = await index.events.heads(lane, 1);
    if (head === undefined) throw new Error('the lane is empty');
    return head;
  };

  /** Everything on its way to an endpoint, the oldest first. */
  const allFor = async (endpoint: string) =>
    (await index.events.list({ ...EVERYTHING, endpoint }, { before: undefined, limit: 1_000 })).toReversed();

  const tagsOf = async (endpoint: string) => (await allFor(endpoint)).map(({ event }) => event.target.tag);

  describe('recording', () => {
    it('keeps everything that is known of an event, under an id of its own', async () => {
      const endpoint = newEndpoint();
      const audience = audienceOf(endpoint);
      const happened = occurrence(newRepository(), 'v1', { action: 'pull', atMs: 1_234 });
      expect(await index.events.record([happened, happened], audience)).toEqual({ [endpoint]: 2 });
      const [first, second] = await allFor(endpoint);
      expect(first).toMatchObject({ endpoint, state: 'pending', attempts: 0, reason: undefined });
      expect(first?.event).toEqual({
        ...happened,
        source: audience.source,
        id: first?.event.id,
        position: first?.event.position,
      });
      expect(first?.event.id).toMatch(/^[0-9a-f-]{36}$/);
      expect(second?.event.id).not.toBe(first?.event.id);
    });

    it('leaves out what an endpoint ignores by type or by action', async () => {
      const [all, types, actions] = [newEndpoint(), newEndpoint(), newEndpoint()];
      const audience: Audience = {
        ...audienceOf(),
        subscribers: [
          { endpoint: all, ignoredMediaTypes: [], ignoredActions: [] },
          { endpoint: types, ignoredMediaTypes: ['application/octet-stream'], ignoredActions: [] },
          { endpoint: actions, ignoredMediaTypes: [], ignoredActions: ['pull'] },
        ],
      };
      const push = occurrence(newRepository(), 'push');
      const pull = occurrence(newRepository(), 'pull', { action: 'pull' });
      const blob = {
        ...push,
        target: { ...push.target, tag: 'blob', mediaType: 'application/octet-stream' },
      };
      const tally = await index.events.record([push, pull, blob], audience);
      expect(tally).toEqual({ [all]: 3, [types]: 2, [actions]: 2 });
      expect(await tagsOf(types)).toEqual(['push', 'pull']);
      expect(await tagsOf(actions)).toEqual(['push', 'blob']);
    });

    it('keeps nothing that nobody wants to hear', async () => {
      const before = await index.events.list(EVERYTHING, { before: undefined, limit: 1_000 });
      expect(await index.events.record([occurrence(newRepository(), 'v1')], audienceOf())).toEqual({});
      expect(await index.events.list(EVERYTHING, { before: undefined, limit: 1_000 })).toEqual(before);
    });
  });

  describe('recording with changes', () => {
    let endpoint: string;
    let audience: Audience;
    const tallies: Tally[] = [];
    const failures: ChangeNote[] = [];

    const recording = (more: Partial<ChangeNote> = {}, includeReferences = false): Index => {
      endpoint = newEndpoint();
      audience = { ...audienceOf(endpoint), includeReferences };
      tallies.length = 0;
      failures.length = 0;
      return index.recording({
        note: () => noteFor(audience, more),
        recorded: (tally) => tallies.push(tally),
        failed: (note) => failures.push(note),
      });
    };

    const told = async () =>
      (await allFor(endpoint)).map(({ event: { action, target } }) => ({ action, ...target }));

    const OCTETS = 'application/octet-stream';

    it('tells of a blob that was committed, and not of one that was not', async () => {
      const to = recording();
      const repository = newRepository();
      const { id, key } = await beginUpload(index, repository);
      const blob = { uploadId: id, repository, digest: newDigest(), key, sizeBytes: 42, atMs: 1 };
      expect(await to.blobs.commit(blob)).toBe('committed');
      expect(await to.blobs.commit(blob)).toBe('unknown-upload');
      const { digest } = blob;
      expect(await told()).toEqual([
        { action: 'push', kind: 'blob', repository, digest, mediaType: OCTETS, sizeBytes: 42 },
      ]);
      expect(tallies).toEqual([{ [endpoint]: 1 }, {}]);
    });

    it('tells of a mount with its source, each time', async () => {
      const to = recording();
      const [from, repository] = [newRepository(), newRepository()];
      const digest = newDigest();
      await putBlob(index, from, digest, 7);
      expect(await to.blobs.mount(repository, digest, from, 1)).toBe(true);
      expect(await to.blobs.mount(repository, digest, from, 1)).toBe(true);
      expect(await to.blobs.mount(repository, newDigest(), from, 1)).toBe(false);
      const mount = { action: 'mount', kind: 'blob', repository, digest, mediaType: OCTETS, sizeBytes: 7 };
      expect(await told()).toEqual([
        { ...mount, fromRepository: from },
        { ...mount, fromRepository: from },
      ]);
    });

    it('tells of a manifest once for each tag, and once where it has none', async () => {
      const to = recording();
      const repository = newRepository();
      const two = manifestOf(repository, { tags: ['a', 'b'] });
      const none = manifestOf(repository);
      await to.manifests.put(two);
      await to.manifests.put(none);
      const missing = manifestOf(repository, { blobs: [newDigest()], tags: ['c'] });
      expect((await to.manifests.put(missing)).outcome).toBe('missing');
      const push = { action: 'push', kind: 'manifest', repository, mediaType: two.manifest.mediaType };
      const { digest, bytes } = two;
      expect(await told()).toEqual([
        { ...push, digest, sizeBytes: bytes.byteLength, tag: 'a' },
        { ...push, digest, sizeBytes: bytes.byteLength, tag: 'b' },
        { ...push, digest: none.digest, sizeBytes: none.bytes.byteLength },
      ]);
    });

    it('tells of the removal of a manifest, then of each of its tags; of a tag; of a blob', async () => {
      const to = recording();
      const repository = newRepository();
      const blob = newDigest();
      await putBlob(index, repository, blob);
      const { digest } = manifestOf(repository);
      const received = manifestOf(repository, { tags: ['z', 'a', 'alone'] });
      await index.manifests.put(received);
      expect(await to.tags.remove(repository, tag('alone'), 'alice', 1)).toBe(true);
      expect(await to.tags.remove(repository, tag('alone'), 'alice', 1)).toBe(false);
      expect(await to.manifests.remove(repository, received.digest, 'alice', 1)).toBe(true);
      expect(await to.manifests.remove(repository, digest, 'alice', 1)).toBe(false);
      expect(await to.blobs.unlink(repository, blob)).toBe(true);
      expect(await to.blobs.unlink(repository, blob)).toBe(false);
      const removal = { action: 'delete', kind: 'manifest', repository, mediaType: '', sizeBytes: 0 };
      expect(await told()).toEqual([
        { ...removal, digest: '', tag: 'alone' },
        { ...removal, digest: received.digest },
        { ...removal, digest: '', tag: 'a' },
        { ...removal, digest: '', tag: 'z' },
        { ...removal, kind: 'blob', digest: blob },
      ]);
    });

    it('tells nothing of a removal whose precondition did not hold', async () => {
      const to = recording();
      const repository = newRepository();
      const received = manifestOf(repository, { tags: ['v'] });
      await index.manifests.put(received);
      const other = { ifMatch: [newDigest()] };
      expect(await to.manifests.remove(repository, received.digest, '', 1, other)).toBe('changed');
      expect(await to.tags.remove(repository, tag('v'), '', 1, other)).toBe('changed');
      expect(await index.manifests.findByTag(repository, tag('v'))).toBeDefined();
      expect(await told()).toEqual([]);
    });

    it('tells of what came back as of a push', async () => {
      const to = recording();
      const repository = newRepository();
      const { digest, manifest, bytes } = await putManifest(index, repository, { tags: ['a'] });
      await index.manifests.remove(repository, digest, '', 2_000);
      const wanted = { wanted: { digest }, keptSinceMs: 0, moveTags: false, withTags: true };
      await to.trash.restore({ repository, ...wanted, actor: '', atMs: 3_000 });
      await to.trash.restore({ repository, ...wanted, actor: '', atMs: 3_000 });
      expect(await told()).toEqual([
        {
          ...{
            action: 'push',
            kind: 'manifest',
            repository,
            mediaType: manifest.mediaType,
            digest,
            tag: 'a',
          },
          sizeBytes: bytes.byteLength,
        },
      ]);
    });

    it('lists what a manifest refers to, where that is wanted', async () => {
      const to = recording({}, true);
      const repository = newRepository();
      const blob = newDigest();
      await putBlob(index, repository, blob);
      const received = manifestOf(repository, { blobs: [blob] });
      await to.manifests.put(received);
      const [delivery] = await allFor(endpoint);
      expect(delivery?.event.references).toEqual([
        { mediaType: expect.any(String), digest: blob, size: expect.any(Number) },
      ]);
    });

    it('puts what happened before in front, whatever comes of the change', async () => {
      const repository = newRepository();
      const to = recording({ before: [occurrence(repository, 'pulled', { action: 'pull' })] });
      expect(await to.blobs.unlink(repository, newDigest())).toBe(false);
      await to.manifests.put(manifestOf(repository, { tags: ['pushed'] }));
      expect(await tagsOf(endpoint)).toEqual(['pulled', 'pulled', 'pushed']);
    });

    it('tells of nothing where there is no note', async () => {
      endpoint = newEndpoint();
      const to = index.recording({
        note: () => undefined,
        recorded: () => expect.fail(),
        failed: () => expect.fail(),
      });
      await to.manifests.put(manifestOf(newRepository()));
      expect(await told()).toEqual([]);
    });

    it('changes nothing where an event cannot be recorded, and says so', async () => {
      const to = recording({ origin: { ...ORIGIN, requestId: 1n as unknown as string } });
      const received = manifestOf(newRepository());
      await expect(to.manifests.put(received)).rejects.toThrow();
      expect(await index.manifests.find(received.repository, received.digest)).toBeUndefined();
      expect(failures).toHaveLength(1);
      expect(tallies).toEqual([]);
    });
  });

  describe('lanes', () => {
    it('are claimed by one at a time, and by another when the time is up', async () => {
      const endpoint = newEndpoint();
      await index.events.record([occurrence(newRepository(), 'v1')], audienceOf(endpoint));
      expect(await index.events.isDue(endpoint, 999)).toBe(false);
      expect(await index.events.isDue(endpoint, 1_000)).toBe(true);
      const first = await claimOne(endpoint, { nowMs: 1_000, untilMs: 2_000 });
      expect(await index.events.isDue(endpoint, 1_999)).toBe(false);
      await expect(claimOne(endpoint, { nowMs: 1_999 })).rejects.toThrow('no lane');
      const second = await claimOne(endpoint, { nowMs: 2_000 });
      const { event } = await headOf(second);
      expect(await settle(first, event.position, 'parked')).toBe('lost');
      expect(await headOf(second)).toMatchObject({ state: 'pending', attempts: 0 });
      expect(await settle(first, event.position, 'delivered', 1)).toBe('lost');
      expect(await index.events.heads(second, 5)).toEqual([]);
    });

    it('give their events in order, and are gone when they are empty', async () => {
      const endpoint = newEndpoint();
      const repository = newRepository();
      const happened = ['a', 'b', 'c'].map((name) => occurrence(repository, name));
      await index.events.record(happened, audienceOf(endpoint));
      const lane = await claimOne(endpoint);
      for (const name of ['a', 'b', 'c']) {
        const { event } = await headOf(lane);
        expect(event.target.tag).toBe(name);
        expect(await settle(lane, event.position, 'delivered')).toBe('kept');
      }
      const release = {
        ...{ lane, delivered: [], failed: undefined },
        next: { kind: 'release', dueAtMs: 1 },
      } as const;
      expect(await index.events.settle(release)).toBe('released');
      expect(await index.events.isDue(endpoint, 1_000_000)).toBe(false);
      expect(await index.events.settle(release)).toBe('lost');
      await index.events.record([occurrence(repository, 'd')], audienceOf(endpoint));
      expect((await headOf(await claimOne(endpoint))).event.target.tag).toBe('d');
    });

    it('are kept apart by repository and by endpoint, those first that waited longest', async () => {
      const [one, two] = [newEndpoint(), newEndpoint()];
      const [early, late] = [newRepository(), newRepository()];
      const happened = [
        occurrence(late, 'late', { atMs: 2_000 }),
        occurrence(early, 'early', { atMs: 1_000 }),
      ];
      await index.events.record(happened, audienceOf(one, two));
      const claim = { endpoint: one, owner: 'me', nowMs: 3_000, untilMs: 4_000 };
      expect(await index.events.claim({ ...claim, limit: 1 })).toMatchObject([{ repository: early }]);
      expect(await index.events.claim({ ...claim, limit: 9 })).toMatchObject([{ repository: late }]);
      expect(await index.events.isDue(two, 3_000)).toBe(true);
    });

    it('remember failures, wait, and let a parked event be overtaken', async () => {
      const endpoint = newEndpoint();
      const repository = newRepository();
      await index.events.record(
        ['bad', 'good'].map((name) => occurrence(repository, name)),
        audienceOf(endpoint),
      );
      const lane = await claimOne(endpoint);
      const { event } = await headOf(lane);
      expect(await settle(lane, event.position, 'pending', 7_000)).toBe('released');
      expect(await index.events.isDue(endpoint, 6_999)).toBe(false);
      const again = await claimOne(endpoint, { nowMs: 7_000 });
      expect(await headOf(again)).toMatchObject({
        attempts: 1,
        reason: 'no answer',
        event: { id: event.id },
      });
      await settle(again, event.position, 'parked');
      expect((await headOf(again)).event.target.tag).toBe('good');
      expect(await index.events.backlog(endpoint, 100)).toEqual({ pending: 1, parked: 1 });
      expect(await index.events.backlog(endpoint, 0)).toEqual({ pending: 0, parked: 0 });
    });

    it('are there for another process', async () => {
      const endpoint = newEndpoint();
      await index.events.record([occurrence(newRepository(), 'v1')], audienceOf(endpoint));
      const other = await place.again();
      onTestFinished(() => other.close());
      const [lane] = await other.events.claim({
        ...{ endpoint, owner: 'other', nowMs: 5_000, untilMs: 6_000, limit: 5 },
      });
      expect(lane).toBeDefined();
      expect(await index.events.isDue(endpoint, 5_500)).toBe(false);
    });
  });

  describe('lists and replays', () => {
    it('choose by endpoint, state and time, and go on page by page', async () => {
      const [one, two] = [newEndpoint(), newEndpoint()];
      const repository = newRepository();
      const happened = [1, 2, 3].map((n) => occurrence(repository, `v${n}`, { atMs: n * 1_000 }));
      await index.events.record(happened, audienceOf(one, two));
      const lane = await claimOne(one);
      for (const state of ['delivered', 'parked'] as const) {
        await settle(lane, (await headOf(lane)).event.position, state);
      }
      const list = async (filter: object, before?: number, limit = 10) =>
        (await index.events.list({ ...EVERYTHING, endpoint: one, ...filter }, { before, limit })).map(
          ({ event, state }) => `${event.target.tag} ${state}`,
        );
      expect(await list({})).toEqual(['v3 pending', 'v2 parked', 'v1 delivered']);
      expect(await list({ state: 'parked' })).toEqual(['v2 parked']);
      expect(await list({ sinceMs: 2_000 })).toEqual(['v3 pending', 'v2 parked']);
      const [newest] = await index.events.list(
        { ...EVERYTHING, endpoint: one },
        { before: undefined, limit: 1 },
      );
      expect(await list({}, newest?.event.position, 1)).toEqual(['v2 parked']);
    });

    it('make deliveries pending again, at once and in their old order', async () => {
      const empty = await open();
      onTestFinished(() => empty.remove());
      const { events } = empty.index;
      const repository = newRepository();
      const happened = [1, 2, 3, 4].map((n) => occurrence(repository, `v${n}`, { atMs: n * 1_000 }));
      await events.record(happened, audienceOf('a', 'b'));
      const claim = { owner: 'me', nowMs: 5_000, untilMs: 9_000, limit: 1 };
      for (const endpoint of ['a', 'b']) {
        const [lane] = await events.claim({ ...claim, endpoint });
        if (lane === undefined) throw new Error('there was no lane to claim');
        for (const state of ['delivered', 'parked', 'delivered', 'pending'] as const) {
          const position = (await events.heads(lane, 1))[0]?.event.position ?? 0;
          const next =
            state === 'pending'
              ? ({ kind: 'release', dueAtMs: 1_000_000 } as const)
              : ({ kind: 'keep', untilMs: 9_000 } as const);
          await events.settle(
            state === 'delivered'
              ? { lane, delivered: [position], failed: undefined, next }
              : { lane, delivered: [], failed: { position, state, reason: 'no' }, next },
          );
        }
      }
      const step = { after: 0, limit: 3, nowMs: 6_000 };
      const parked = { ...EVERYTHING, endpoint: 'a', state: 'parked' as const };
      const first = await events.replay(parked, step);
      expect(first).toEqual({ count: 1, next: expect.any(Number) });
      expect(await events.replay(parked, { ...step, after: first.next ?? 0 })).toEqual({
        ...{ count: 0, next: undefined },
      });
      expect(await events.isDue('a', 6_000)).toBe(true);
      expect(await events.isDue('b', 6_000)).toBe(false);
      const since = { ...EVERYTHING, sinceMs: 2_000 };
      expect(await events.replay(since, { ...step, limit: 100 })).toEqual({ count: 3, next: undefined });
      const [lane] = await events.claim({ ...claim, endpoint: 'b', nowMs: 6_000 });
      expect(lane && (await events.heads(lane, 1))).toMatchObject([
        { attempts: 0, event: { target: { tag: 'v2' } } },
      ]);
    });
  });

  describe('pruning', () => {
    const prepare = async () => {
      const empty = await open();
      onTestFinished(() => empty.remove());
      const { events } = empty.index;
      const happened = [1, 2, 3, 4].map((n) => occurrence('one', `v${n}`, { atMs: n * 1_000 }));
      await events.record(happened, audienceOf('a'));
      const [lane] = await events.claim({
        ...{ endpoint: 'a', owner: 'me', nowMs: 5_000, untilMs: 9_000, limit: 1 },
      });
      if (lane === undefined) throw new Error('there was no lane to claim');
      const first = (await events.heads(lane, 1))[0]?.event.position ?? 0;
      const next = { kind: 'release', dueAtMs: 1 } as const;
      await events.settle({ lane, delivered: [first], failed: undefined, next });
      const left = async () =>
        (await events.list(EVERYTHING, { before: undefined, limit: 100 })).map(
          ({ event, state }) => `${event.target.tag} ${state}`,
        );
      return { events, left };
    };

    const STEP = { settledBeforeMs: 0, anyBeforeMs: 0, maxEvents: 100, after: 0, limit: 100 };

    it('removes what has arrived and is old, and parks what has not', async () => {
      const { events, left } = await prepare();
      expect(await events.prune({ ...STEP, settledBeforeMs: 3_000 })).toEqual({
        ...{ removed: 1, parked: 1, lost: 0, next: undefined },
      });
      expect(await left()).toEqual(['v4 pending', 'v3 pending', 'v2 parked']);
    });

    it('removes what is very old, and what is too much, the oldest first', async () => {
      const { events, left } = await prepare();
      expect(await events.prune({ ...STEP, anyBeforeMs: 3_000 })).toMatchObject({ removed: 2, lost: 1 });
      expect(await events.prune({ ...STEP, maxEvents: 1 })).toMatchObject({ removed: 1, lost: 1 });
      expect(await left()).toEqual(['v4 pending']);
      await events.prune({ ...STEP, anyBeforeMs: 9_000 });
      expect(await left()).toEqual([]);
      expect(await events.isDue('a', 1_000_000), 'no lane is left behind').toBe(false);
    });

    it('goes in steps', async () => {
      const { events, left } = await prepare();
      let after: number | undefined = 0;
      let steps = 0;
      for (; after !== undefined; steps += 1) {
        const { next }: { next: number | undefined } = await events.prune({
          ...{ ...STEP, anyBeforeMs: 9_000, after, limit: 2 },
        });
        after = next;
      }
      expect(steps).toBe(3);
      expect(await left()).toEqual([]);
    });
  });
}
