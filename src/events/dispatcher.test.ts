import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoppedClock } from '../../test/support/clock.ts';
import { FakeReceiver } from '../../test/support/event-receiver.ts';
import { audienceOf, newEndpoint, occurrence } from '../../test/support/event-values.ts';
import { RecordedLog } from '../../test/support/recorded-log.ts';
import { recordedMetrics } from '../../test/support/recorded-metrics.ts';
import { sqliteIndexUnderTest } from '../../test/support/sqlite-index.ts';
import type { EventIndex } from '../index/events.ts';
import { Dispatcher } from './dispatcher.ts';
import { Figures } from './figures.ts';

let place: Awaited<ReturnType<typeof sqliteIndexUnderTest>>;
let index: EventIndex;
beforeAll(async () => {
  place = await sqliteIndexUnderTest();
  index = place.index.events;
});
afterAll(() => place.remove());

/** An endpoint of its own, with a process that delivers to it. */
function setUp({ threshold = 3, backoffMs = 1_000 } = {}) {
  const name = newEndpoint();
  const clock = new StoppedClock();
  const log = new RecordedLog();
  const receiver = new FakeReceiver();
  const metrics = recordedMetrics();
  const figures = new Figures(metrics, [name]);
  const endpoint = { name, sink: receiver, timeoutMs: 1_000, threshold, backoffMs };
  const start = () => new Dispatcher({ index, endpoint, figures, clock, log, onFree: () => undefined });
  const record = (repository: string, ...tags: string[]) =>
    index.record(
      tags.map((tag) => occurrence(repository, tag, { atMs: clock.now() })),
      audienceOf(name),
    );
  const work = async (dispatcher: Dispatcher) => {
    await dispatcher.dispatch();
    await dispatcher.idle();
  };
  return { name, clock, log, receiver, figures, metrics, start, record, work, dispatcher: start() };
}

const range = (count: number): string[] => Array.from({ length: count }, (_, n) => `v${n}`);

describe('delivery', () => {
  it('keeps the order of a repository and sends to several at the same time, not to all', async () => {
    const { receiver, record, work, dispatcher } = setUp();
    const repositories = Array.from({ length: 12 }, (_, n) => `order/r${n}`);
    for (const repository of repositories) await record(repository, ...range(5));
    await work(dispatcher);
    await work(dispatcher);
    for (const repository of repositories) expect(receiver.tagsOf(repository)).toEqual(range(5));
    expect(receiver.most).toBe(8);
  });

  it('gives others a turn where one repository has very much', async () => {
    const { receiver, record, work, dispatcher } = setUp();
    await record('turn/busy', ...range(70));
    await work(dispatcher);
    expect(receiver.arrivals).toHaveLength(64);
    await work(dispatcher);
    expect(receiver.tagsOf('turn/busy')).toEqual(range(70));
  });

  it('tries at once up to the threshold, then after the backoff, which doubles', async () => {
    const { receiver, record, work, dispatcher, clock } = setUp();
    receiver.answer = () => 0;
    await record('wait/app', 'v1');
    await work(dispatcher);
    expect(receiver.attempts).toHaveLength(3);
    clock.advance(999);
    await work(dispatcher);
    expect(receiver.attempts).toHaveLength(3);
    clock.advance(252);
    await work(dispatcher);
    expect(receiver.attempts).toHaveLength(4);
    clock.advance(1_999);
    await work(dispatcher);
    expect(receiver.attempts).toHaveLength(4);
    receiver.answer = () => 200;
    clock.advance(502);
    await work(dispatcher);
    expect(receiver.tagsOf('wait/app')).toEqual(['v1']);
  });

  it('tries an endpoint that is down with one event at a time, and not with every repository', async () => {
    const { receiver, record, work, dispatcher, clock } = setUp();
    receiver.answer = () => 503;
    for (const repository of range(20)) await record(`down/${repository}`, 'v1');
    await work(dispatcher);
    const before = receiver.attempts.length;
    expect(before).toBeLessThanOrEqual(3 + 8);
    for (let n = 0; n < 5; n += 1) {
      clock.advance(80_000);
      await work(dispatcher);
    }
    expect(receiver.attempts).toHaveLength(before + 5);
    receiver.answer = () => 200;
    for (let n = 0; n < 4; n += 1) {
      clock.advance(80_000);
      await work(dispatcher);
    }
    expect(receiver.arrivals).toHaveLength(20);
  });

  it('parks what is rejected, and goes on behind it', async () => {
    const { name, receiver, record, work, dispatcher, clock, log } = setUp();
    receiver.answer = ({ tag }) => (tag === 'poison' ? 422 : 200);
    await record('park/app', 'a', 'poison', 'b');
    for (let n = 0; n < 4; n += 1) {
      await work(dispatcher);
      clock.advance(10_000);
    }
    expect(receiver.tagsOf('park/app')).toEqual(['a', 'b']);
    expect(receiver.attempts.filter(({ tag }) => tag === 'poison')).toHaveLength(5);
    expect(await index.backlog(name, 10)).toEqual({ pending: 0, parked: 1 });
    expect(log.entries.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('parks a fault that never ends, and sends it again when it is replayed', async () => {
    const { name, receiver, record, work, dispatcher, clock } = setUp();
    receiver.answer = () => 500;
    await record('fault/app', 'v1');
    for (let n = 0; n < 100; n += 1) {
      clock.advance(80_000);
      await work(dispatcher);
    }
    expect(await index.backlog(name, 10)).toEqual({ pending: 0, parked: 1 });
    receiver.answer = () => 200;
    clock.advance(80_000);
    const filter = { endpoint: name, state: 'parked', sinceMs: 0 } as const;
    await index.replay(filter, { after: 0, limit: 1_000, nowMs: clock.now() });
    await work(dispatcher);
    expect(receiver.tagsOf('fault/app')).toEqual(['v1']);
  });

  it('leaves what another process has claimed, until that one is known to be dead', async () => {
    const { name, receiver, record, work, start, clock } = setUp();
    await record('claimed/app', 'v1');
    const nowMs = clock.now();
    await index.claim({ endpoint: name, owner: 'another', nowMs, untilMs: nowMs + 6_000, limit: 1 });
    const dispatcher = start();
    await work(dispatcher);
    expect(receiver.arrivals).toEqual([]);
    clock.advance(6_000);
    await work(dispatcher);
    expect(receiver.arrivals).toHaveLength(1);
  });

  it('stops after the event under way, and lets go of the rest', async () => {
    const { receiver, record, work, dispatcher, start } = setUp();
    await record('stop/app', ...range(5));
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    receiver.pause = () => {
      begun.resolve();
      return go.promise;
    };
    await dispatcher.dispatch();
    await begun.promise;
    const stopped = dispatcher.stop();
    go.resolve();
    await stopped;
    expect(receiver.tagsOf('stop/app')).toEqual(['v0']);
    await work(start());
    expect(receiver.tagsOf('stop/app')).toEqual(range(5));
  });

  it('counts as distribution does', async () => {
    const { name, receiver, record, work, dispatcher, figures, metrics, clock } = setUp({ threshold: 1 });
    figures.recorded(await record('figures/app', 'v1', 'v2'));
    for (const status of [0, 500, 200]) {
      receiver.answer = () => status;
      await work(dispatcher);
      clock.advance(10_000);
    }
    const total = (type: string): number =>
      metrics.valueOf('registry_notifications_events_total', { type, endpoint: name });
    expect(['Events', 'Successes', 'Failures', 'Errors'].map(total)).toEqual([2, 2, 1, 1]);
    const status = (code: string): number =>
      metrics.valueOf('registry_notifications_status_total', { code, endpoint: name });
    expect(['500 Internal Server Error', '200 OK'].map(status)).toEqual([1, 2]);
  });
});
