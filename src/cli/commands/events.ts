import { parseGoDuration } from '../../config/duration.ts';
import type { Delivery, DeliveryFilter, EventIndex } from '../../index/events.ts';
import { openConfiguredState } from '../configuration.ts';
import { Failure } from '../failure.ts';

const PAGE = 200;
const DEFAULT_LIMIT = 100;
const NANOSECONDS_PER_MS = 1_000_000;

/** What both commands are told. */
export interface EventsOptions {
  /** The registry's config.yml, where it has one: it says where the data are. */
  readonly config?: string;
  readonly endpoint?: string;
  readonly parked?: boolean;
  readonly since?: string;
}

async function withQueue<T>(
  options: EventsOptions,
  action: (events: EventIndex, endpoints: readonly string[]) => Promise<T>,
): Promise<T> {
  const { config, index } = await openConfiguredState(options.config);
  try {
    return await action(
      index.events,
      config.notifications.endpoints.map(({ name }) => name),
    );
  } finally {
    await index.close();
  }
}

/** A point in time as RFC 3339 writes it, or so long ago: `2026-01-31T12:00:00Z`, `36h`. */
function sinceMs(text: string | undefined): number {
  if (text === undefined) return 0;
  const ago = parseGoDuration(text);
  const at = ago === undefined ? Date.parse(text) : Date.now() - Number(ago) / NANOSECONDS_PER_MS;
  if (!Number.isNaN(at)) return at;
  throw new Failure(
    `--since ${JSON.stringify(text)} is no time: write 36h or 90m for so long ago, or 2026-01-31T12:00:00Z`,
  );
}

function filterOf(options: EventsOptions): DeliveryFilter {
  return {
    endpoint: options.endpoint,
    state: options.parked === true ? 'parked' : undefined,
    sinceMs: sinceMs(options.since),
  };
}

function lineOf({ endpoint, event, state, attempts, reason }: Delivery): string {
  const { action, target, atMs, id } = event;
  const name =
    target.tag === undefined || target.tag === ''
      ? `${target.repository}@${target.digest}`
      : `${target.repository}:${target.tag}`;
  const tried =
    reason === undefined ? '' : `\t${attempts === 1 ? '1 attempt' : `${attempts} attempts`}: ${reason}`;
  return `${new Date(atMs).toISOString()}\t${endpoint}\t${state}\t${action}\t${name}\t${id}${tried}`;
}

/** `berth events list`: what is in the queue, the newest first. */
export async function listEvents(options: EventsOptions & { limit?: string }): Promise<void> {
  const limit = Number(options.limit ?? DEFAULT_LIMIT);
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new Failure('--limit must be a whole number, 1 or more');
  const filter = filterOf(options);
  await withQueue(options, async (events) => {
    const deliveries = await events.list(filter, { before: undefined, limit });
    const lines = deliveries.length === 0 ? ['There are no events.'] : deliveries.map(lineOf);
    process.stdout.write(`${lines.join('\n')}\n`);
  });
}

/** `berth events replay`: sends events again, in their order. A running registry does it at once. */
export async function replayEvents(options: EventsOptions): Promise<void> {
  if (options.parked !== true && options.since === undefined) {
    throw new Failure(
      'say which: --parked for those that were given up, or --since 24h for all of that time',
    );
  }
  const filter = filterOf(options);
  await withQueue(options, async (events, endpoints) => {
    if (options.endpoint !== undefined && !endpoints.includes(options.endpoint)) {
      const known = endpoints.length === 0 ? 'none' : endpoints.join(', ');
      throw new Failure(`there is no endpoint ${JSON.stringify(options.endpoint)}; there is ${known}`);
    }
    let total = 0;
    for (let after: number | undefined = 0; after !== undefined; ) {
      const { count, next } = await events.replay(filter, { after, limit: PAGE, nowMs: Date.now() });
      total += count;
      after = next;
    }
    process.stdout.write(`${total} deliveries are pending again; a running registry sends them now.\n`);
  });
}
