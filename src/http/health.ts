import type { Logger } from '../ports.ts';
import type { Endpoint } from './app.ts';
import { json, type Reply } from './message.ts';

/** Something without which the server cannot work; throws while it is out of order. */
export interface HealthCheck {
  readonly name: string;
  check(): Promise<void>;
}

/** By name, why what is checked at intervals fails; empty while all is well. */
export type Failures = () => Readonly<Record<string, string>>;

const METHODS = ['GET', 'HEAD'];

/** `/healthz`: the process answers. */
export function liveEndpoint(): Endpoint {
  return { methods: METHODS, isProbe: true, handle: async () => json(200, { status: 'ok' }) };
}

/** What goes on in the background that is worth telling: how far it is, from 0 to 1; undefined once it is over. */
export type Progress = () => Promise<number | undefined>;

/**
 * `/readyz`: everything that requests need works, and no configured check fails. The reasons are in the log and at
 * /debug/health, not in the answer.
 */
export function readyEndpoint(
  checks: readonly HealthCheck[],
  failures: Failures,
  log: Logger,
  takeOver: Progress = async () => undefined,
): Endpoint {
  return { methods: METHODS, isProbe: true, handle: () => ready(checks, failures, log, takeOver) };
}

async function ready(
  checks: readonly HealthCheck[],
  failures: Failures,
  log: Logger,
  takeOver: Progress,
): Promise<Reply> {
  // Their names may tell of what is inside.
  const failed = Object.keys(failures()).length === 0 ? [] : ['health'];
  for (const { name, check } of checks) {
    await check().catch((error: unknown) => {
      log.error('a health check failed', { check: name, error });
      failed.push(name);
    });
  }
  if (failed.length > 0) return json(503, { status: 'failing', failed });
  const done = await takeOver();
  const percent = done === undefined ? undefined : Math.floor(100 * done);
  return json(200, { status: 'ok', ...(percent !== undefined && { takeOver: { percent } }) });
}
