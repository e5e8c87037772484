import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One event as it came over the wire. */
export interface ReceivedEvent {
  readonly id: string;
  readonly timestamp: string;
  readonly action: string;
  readonly target: Readonly<Record<string, unknown>>;
  readonly request: Readonly<Record<string, unknown>>;
  readonly actor: Readonly<Record<string, unknown>>;
  readonly source: Readonly<Record<string, unknown>>;
}

export interface Received {
  readonly event: ReceivedEvent;
  readonly headers: IncomingHttpHeaders;
}

/** A receiver of notifications. */
export interface EventReceiver {
  readonly url: string;
  /** What was accepted, in the order in which it came. */
  readonly received: readonly Received[];
  /** Requests that came, answered or not. */
  readonly attempts: () => number;
  /** The status of answers from now on. */
  answer(status: number): void;
  /** Resolves when so many events were accepted. @throws Error after 30 seconds */
  until(count: number): Promise<void>;
  /** Resolves when the condition holds. @throws Error after 30 seconds */
  when(condition: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

/** @param port of an earlier receiver, to come back there */
export async function startReceiver(port = 0): Promise<EventReceiver> {
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  let attempts = 0;
  let status = 200;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      attempts += 1;
      if (status < 300) {
        const { events } = JSON.parse(body) as { events: ReceivedEvent[] };
        for (const event of events) received.push({ event, headers: request.headers });
      }
      response.writeHead(status).end();
      for (const look of waiting) look();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const when = (condition: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(look);
        reject(new Error(`in vain; ${received.length} events of ${attempts} attempts were accepted`));
      }, 30_000);
      const look = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    attempts: () => attempts,
    answer(next) {
      status = next;
    },
    when,
    until: (count) => when(() => received.length >= count),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
