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

/**
 * `/readyz`: everything that requests need works, and no configured check fails. The reasons are in the log and at
 * /debug/health, not in the answer.
 */
export function readyEndpoint(checks: readonly HealthCheck[], failures: Failures, log: Logger): Endpoint {
  return { methods: METHODS, isProbe: true, handle: () => ready(checks, failures, log) };
}

async function ready(checks: readonly HealthCheck[], failures: Failures, log: Logger): Promise<Reply> {
  // Their names may tell of what is inside.
  const failed = Object.keys(failures()).length === 0 ? [] : ['health'];
  for (const { name, check } of checks) {
    await check().catch((error: unknown) => {
      log.error('a health check failed', { check: name, error });
      failed.push(name);
    });
  }
  return failed.length === 0 ? json(200, { status: 'ok' }) : json(503, { status: 'failing', failed });
}
