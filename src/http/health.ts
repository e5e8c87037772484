import type { SourceState } from '../auth/source.ts';
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

/** What somebody who looks whether a server is ready is told of. */
export interface ReadyParts {
  readonly checks: readonly HealthCheck[];
  /** Of what is checked at intervals. */
  readonly failures?: Failures;
  readonly log: Logger;
  readonly takeOver?: Progress | undefined;
  /** The state of each source of accounts and rules; never rejects, and answers within a bounded time. */
  readonly sources?: (() => Promise<Readonly<Record<string, SourceState>>>) | undefined;
  /** Entries of the audit log that were lost, by where they were to go. */
  readonly auditDrops?: (() => Readonly<Record<string, number>>) | undefined;
}

/**
 * `/readyz`: everything that requests need works, and no configured check fails. A source of accounts that is away is told
 * of, with 200: it is away for every replica, and taking all of them out of service would end pulls and logins that do not
 * need it, too. The reasons are in the log and at the debug address, not in the answer.
 */
export function readyEndpoint(parts: ReadyParts): Endpoint {
  return { methods: METHODS, isProbe: true, handle: () => ready(parts) };
}

async function ready({ checks, failures, log, takeOver, sources, auditDrops }: ReadyParts): Promise<Reply> {
  // Their names may tell of what is inside.
  const failed = Object.keys(failures?.() ?? {}).length === 0 ? [] : ['health'];
  for (const { name, check } of checks) {
    await check().catch((error: unknown) => {
      log.error('a health check failed', { check: name, error });
      failed.push(name);
    });
  }
  if (failed.length > 0) return json(503, { status: 'failing', failed });
  const done = await takeOver?.();
  const percent = done === undefined ? undefined : Math.floor(100 * done);
  const states = (await sources?.()) ?? {};
  const dropped = auditDrops?.() ?? {};
  const isDegraded =
    Object.values(states).includes('fails') || Object.values(dropped).some((count) => count > 0);
  return json(200, {
    status: isDegraded ? 'degraded' : 'ok',
    ...(percent !== undefined && { takeOver: { percent } }),
    ...(Object.keys(states).length > 0 && { sources: states }),
    ...(Object.keys(dropped).length > 0 && { audit: { dropped } }),
  });
}
