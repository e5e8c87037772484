import type { Logger } from '../ports.ts';
import { json, type Reply } from './message.ts';

/** Something without which the server cannot work; throws while it is out of order. */
export interface HealthCheck {
  readonly name: string;
  check(): Promise<void>;
}

/** `/healthz`: the process answers. */
export function live(): Reply {
  return json(200, { status: 'ok' });
}

/** `/readyz`: everything that requests need works. The reasons are in the log, not in the answer. */
export async function ready(checks: readonly HealthCheck[], log: Logger): Promise<Reply> {
  const failed: string[] = [];
  for (const { name, check } of checks) {
    await check().catch((error: unknown) => {
      log.error('a health check failed', { check: name, error });
      failed.push(name);
    });
  }
  return failed.length === 0 ? json(200, { status: 'ok' }) : json(503, { status: 'failing', failed });
}
