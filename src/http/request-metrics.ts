import type { Counter, Histogram, Metrics } from '../ports.ts';
import type { HttpRequest } from './message.ts';

/** What is counted of the requests of one route. */
export interface RouteMetrics {
  /** Requests that are being answered. */
  inFlight: number;
  observe(request: HttpRequest, status: number, size: RequestSizes): void;
}

/** How large and how long an exchange was. */
export interface RequestSizes {
  readonly seconds: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Line and headers, as promhttp's `computeApproximateRequestSize` adds them up. */
function headBytes(request: HttpRequest): number {
  let bytes = request.method.length + request.target.length + 8;
  for (const name in request.headers) bytes += name.length + (request.headers[name]?.length ?? 0);
  return bytes;
}

function routeMetrics(metrics: Metrics, handler: string): RouteMetrics {
  const requestSize = metrics.histogram('registry_http_request_size_bytes', { handler });
  const responseSize = metrics.histogram('registry_http_response_size_bytes', { handler });
  // By method, then by status: finding a handle by its labels costs more than all the rest.
  const methods = new Map<string, { seconds: Histogram; codes: Map<number, Counter> }>();
  return {
    inFlight: 0,
    observe(request, status, { seconds, receivedBytes, sentBytes }) {
      let known = methods.get(request.method);
      if (known === undefined) {
        const method = METHODS.has(request.method) ? request.method.toLowerCase() : 'unknown';
        const duration = metrics.histogram('registry_http_request_duration_seconds', { handler, method });
        known = { seconds: duration, codes: new Map() };
        if (method !== 'unknown') methods.set(request.method, known);
      }
      let counter = known.codes.get(status);
      if (counter === undefined) {
        const method = METHODS.has(request.method) ? request.method.toLowerCase() : 'unknown';
        counter = metrics.counter('registry_http_requests_total', { code: String(status), handler, method });
        known.codes.set(status, counter);
      }
      counter.add();
      known.seconds.observe(seconds);
      requestSize.observe(headBytes(request) + receivedBytes);
      responseSize.observe(sentBytes);
    },
  };
}

/** distribution's names of the routes that it has; others keep ours. */
const HANDLERS: Readonly<Record<string, string>> = {
  ping: 'base',
  uploads: 'blob_upload',
  upload: 'blob_upload_chunk',
};

/** The metrics of every route, made when the first request comes to it. */
export class RequestMetrics {
  readonly #metrics: Metrics;
  readonly #routes = new Map<string, RouteMetrics & { readonly handler: string }>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    metrics.gauge('registry_http_in_flight_requests', () =>
      [...this.#routes.values()].map(({ handler, inFlight }) => ({ labels: { handler }, value: inFlight })),
    );
  }

  /** @param name of the route, as the table of routes has it */
  route(name: string): RouteMetrics {
    let route = this.#routes.get(name);
    if (route === undefined) {
      const handler = HANDLERS[name] ?? name;
      route = Object.assign(routeMetrics(this.#metrics, handler), { handler });
      this.#routes.set(name, route);
    }
    return route;
  }
}
