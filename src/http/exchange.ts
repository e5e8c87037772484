import { type HttpRequest, isStream, type Reply, type ReplyStream } from './message.ts';
import type { RouteMetrics } from './request-metrics.ts';

/** What is learnt of a request on its way to its answer, for log and metrics. */
export class Exchange {
  /** Who sends it; empty where nobody logged in. */
  account = '';
  /** Bytes of the body that were read. */
  receivedBytes = 0;
  route: RouteMetrics | undefined;
  readonly #routes: ((name: string) => RouteMetrics) | undefined;

  /** @param routes undefined where nothing is counted */
  constructor(routes: ((name: string) => RouteMetrics) | undefined) {
    this.#routes = routes;
  }

  /** To be called once it is known who answers. */
  enter(routeName: string): void {
    if (this.#routes === undefined) return;
    this.route = this.#routes(routeName);
    this.route.inFlight += 1;
  }
}

/** The request with a body that counts what is read of it. */
export function countingBody(request: HttpRequest, exchange: Exchange): HttpRequest {
  const { method, body } = request;
  if (method === 'GET' || method === 'HEAD') return request;
  return {
    ...request,
    body: {
      destroy: (error) => body.destroy(error),
      [Symbol.asyncIterator]() {
        const pieces = body[Symbol.asyncIterator]();
        return {
          async next() {
            const result = await pieces.next();
            if (result.done !== true) exchange.receivedBytes += result.value.byteLength;
            return result;
          },
          return: async () => (await pieces.return?.()) ?? { done: true, value: undefined },
        };
      },
    },
  };
}

/**
 * Calls `ended` with the bytes of the body once it was sent, or was given up.
 * @returns what is to be sent
 */
export function untilSent(reply: Reply, isHead: boolean, ended: (sentBytes: number) => void): Reply {
  const { body } = reply;
  if (!isStream(body)) {
    ended(isHead || body === undefined ? 0 : Buffer.byteLength(body));
    return reply;
  }
  let sentBytes = 0;
  let isOver = false;
  const counted: ReplyStream = {
    async next() {
      const piece = await body.next();
      sentBytes += piece?.byteLength ?? 0;
      return piece;
    },
    async close() {
      if (!isOver) ended(sentBytes);
      isOver = true;
      await body.close();
    },
  };
  return { ...reply, body: counted };
}
