import { ContentMaker } from './content.ts';
import type { Order, Report } from './messages.ts';
import { pull, push, type Span } from './transfer.ts';

/**
 * The process that sends and receives one stream (or, in the memory row, twenty). Each stream of a row has a
 * process of its own, so that the client uses as many cores as the server leaves.
 */
const makers = new Map<number, ContentMaker>();

function maker(bytes: number): ContentMaker {
  const known = makers.get(bytes) ?? new ContentMaker(bytes);
  makers.set(bytes, known);
  return known;
}

/** From the first begin to the last end. */
function report(spans: readonly Span[], digests: readonly string[]): Report {
  const start = spans.map((span) => span.start).toSorted(ascending)[0] ?? 0n;
  const end =
    spans
      .map((span) => span.end)
      .toSorted(ascending)
      .at(-1) ?? 0n;
  return { ok: true, start: String(start), end: String(end), digests };
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

async function obey(order: Order): Promise<Report> {
  switch (order.kind) {
    case 'prepare':
      maker(order.bytes);
      return report([], []);
    case 'push': {
      const blobs = Array.from({ length: order.count }, () => maker(order.bytes).make());
      const spans = await Promise.all(blobs.map((blob) => push(order.target, blob, order.way)));
      return report(
        spans,
        blobs.map((blob) => blob.digest),
      );
    }
    case 'pull':
      return report([await pull(order.target, order.digest, order.bytes, order.verify)], [order.digest]);
  }
}

async function answer(order: Order): Promise<void> {
  const report = await obey(order).catch(failure);
  process.send?.(report);
}

function failure(error: unknown): Report {
  return { ok: false, reason: error instanceof Error ? error.message : String(error) };
}

process.on('message', (order: Order) => void answer(order));
process.on('disconnect', () => process.exit());
