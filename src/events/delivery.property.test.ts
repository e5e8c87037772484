import fc from 'fast-check';
import { expect, it } from 'vitest';
import { StoppedClock } from '../../test/support/clock.ts';
import { type Arrival, FakeReceiver } from '../../test/support/event-receiver.ts';
import { audienceOf, newEndpoint, occurrence } from '../../test/support/event-values.ts';
import { RecordedLog } from '../../test/support/recorded-log.ts';
import { sqliteIndexUnderTest } from '../../test/support/sqlite-index.ts';
import type { EventIndex } from '../index/events.ts';
import { NO_METRICS } from '../ports.ts';
import { Dispatcher } from './dispatcher.ts';
import { Figures } from './figures.ts';

const TIMEOUT_MS = 1_000;
const LONG_MS = 100_000;
const REPOSITORIES = ['one', 'two', 'three'];

/** The queue as a process has it that may be killed: from then on nothing that it does has an effect, or an end. */
function killable(index: EventIndex): { index: EventIndex; kill(): void } {
  let isDead = false;
  const never = new Promise<never>(() => undefined);
  return {
    index: new Proxy(index, {
      get(target, name: keyof EventIndex) {
        const method = target[name] as (...args: unknown[]) => Promise<unknown>;
        return (...args: unknown[]) =>
          isDead ? never : method.apply(target, args).then((value) => (isDead ? never : value));
      },
    }),
    kill() {
      isDead = true;
    },
  };
}

/** The world of one run: a queue, a receiver, and processes that come and go. */
class World {
  readonly endpoint = newEndpoint();
  readonly clock = new StoppedClock();
  readonly receiver = new FakeReceiver();
  readonly expected: Arrival[] = [];
  /** Whether no claim can have run out under a process, so that nothing may arrive twice. */
  isGentle = true;
  readonly #index: EventIndex;
  /** The same queue, as another process has it. */
  readonly #again: EventIndex;
  #started = 0;
  readonly #processes: { dispatcher: Dispatcher; kill(): void }[] = [];

  constructor(index: EventIndex, again: EventIndex) {
    this.#index = index;
    this.#again = again;
    this.receiver.answer = poisonAware(() => 200);
  }

  start(): void {
    const { clock, endpoint: name, receiver: sink } = this;
    this.#started += 1;
    const { index, kill } = killable(this.#started % 2 === 0 ? this.#again : this.#index);
    const dispatcher: Dispatcher = new Dispatcher({
      index,
      endpoint: { name, sink, timeoutMs: TIMEOUT_MS, threshold: 2, backoffMs: 500 },
      figures: new Figures(NO_METRICS, [name]),
      clock,
      log: new RecordedLog(),
      onFree: () => undefined,
    });
    this.#processes.push({ dispatcher, kill });
  }

  kill(): void {
    this.isGentle = false;
    this.#processes.shift()?.kill();
  }

  pass(ms: number): void {
    if (ms > TIMEOUT_MS) this.isGentle = false;
    this.clock.advance(ms);
  }

  async record(repository: string, count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const arrival = { repository, tag: `v${this.expected.length}` };
      this.expected.push(arrival);
      const happened = occurrence(repository, arrival.tag, { atMs: this.clock.now() });
      await this.#index.record([happened], audienceOf(this.endpoint));
    }
  }

  /** Lets every process begin to send; does not wait for what comes of it. */
  async dispatch(): Promise<void> {
    await Promise.race([
      Promise.all(this.#processes.map(({ dispatcher }) => dispatcher.dispatch())),
      new Promise((resolve) => setTimeout(resolve, 20)),
    ]);
  }

  /** The receiver works again, and so does a process that nobody kills. */
  async recover(): Promise<void> {
    this.receiver.answer = poisonAware(() => 200);
    if (this.isGentle) await Promise.all(this.#processes.map(({ dispatcher }) => dispatcher.idle()));
    else while (this.#processes.length > 0) this.kill();
    this.start();
    for (let n = 0; n < 200; n += 1) {
      this.clock.advance(LONG_MS);
      // An index may show what another process has committed from the next turn of the event loop on.
      await new Promise((resolve) => setImmediate(resolve));
      const process = this.#processes.at(-1);
      await process?.dispatcher.dispatch();
      await process?.dispatcher.idle();
      if ((await this.#index.backlog(this.endpoint, 1)).pending === 0) return;
    }
    throw new Error('the queue did not become empty');
  }

  parked(): Promise<{ parked: number }> {
    return this.#index.backlog(this.endpoint, 100_000);
  }
}

const isPoison = ({ tag }: Arrival): boolean => tag.endsWith('7');

function poisonAware(answer: () => number): (arrival: Arrival) => number {
  return (arrival) => (isPoison(arrival) ? 422 : answer());
}

/** The first arrival of each event, in order. */
function firsts(tags: readonly string[]): string[] {
  return [...new Set(tags)];
}

type Step = (world: World) => Promise<void> | void;

/** A step, named for the counter-example. */
const step = (name: string, run: Step): { run: Step; toString(): string } => ({ run, toString: () => name });

const record = fc
  .tuple(fc.constantFrom(...REPOSITORIES), fc.integer({ min: 1, max: 6 }))
  .map(([repository, count]) =>
    step(`record(${repository}, ${count})`, (world) => world.record(repository, count)),
  );

const answer = fc.constantFrom(0, 200, 200, 500, 503).map((status) =>
  step(`the receiver answers ${status}`, (world) => {
    world.receiver.answer = poisonAware(() => status);
  }),
);

const advance = fc
  .constantFrom(10, 700, 700, TIMEOUT_MS + 5_001, LONG_MS)
  .map((ms) => step(`${ms} ms pass`, (world) => world.pass(ms)));

const turn = fc.constant(
  step('the event loop turns', () => new Promise((resolve) => setTimeout(resolve, 1))),
);
const dispatch = fc.constant(step('dispatch', (world) => world.dispatch()));
const start = fc.constant(step('start', (world) => world.start()));
const kill = fc.constant(step('kill', (world) => world.kill()));

it('loses no event, keeps the order of each repository, and sends twice only where a claim ran out', async () => {
  const place = await sqliteIndexUnderTest();
  const again = await place.again();
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof({ arbitrary: fc.oneof(record, answer, dispatch, start, turn), weight: 6 }, advance, kill),
          {
            maxLength: 40,
            size: 'max',
          },
        ),
        async (steps) => {
          const world = new World(place.index.events, again.events);
          world.start();
          for (const { run } of steps) await run(world);
          await world.recover();
          const wanted = world.expected.filter((one) => !isPoison(one));
          for (const repository of REPOSITORIES) {
            const order = wanted.filter((one) => one.repository === repository).map(({ tag }) => tag);
            const arrived = world.receiver.tagsOf(repository);
            expect(world.isGentle ? arrived : firsts(arrived)).toEqual(order);
          }
          expect(await world.parked()).toMatchObject({ parked: world.expected.filter(isPoison).length });
        },
      ),
      { numRuns: 60 },
    );
  } finally {
    await again.close();
    await place.remove();
  }
}, 60_000);
