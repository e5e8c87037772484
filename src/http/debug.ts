import type { Source } from '../auth/source.ts';
import type { Endpoint } from './app.ts';
import type { Failures } from './health.ts';
import { json } from './message.ts';

const METHODS = ['GET', 'HEAD'];

/** `/debug/health`: the checks that fail, by name, with the reason (distribution `health.StatusHandler`). */
export function debugHealth(failures: Failures): Endpoint {
  return {
    methods: METHODS,
    isProbe: true,
    handle: async () => {
      const failed = failures();
      return json(Object.keys(failed).length === 0 ? 200 : 503, failed);
    },
  };
}

/** `/debug/auth`: what is asked for accounts and rules, with the reason where it fails, and what the audit log has lost. */
export function debugAuth(
  sources: () => readonly Pick<Source, 'name' | 'standing'>[],
  auditDrops: (() => Readonly<Record<string, number>>) | undefined,
): Endpoint {
  return {
    methods: METHODS,
    handle: async () =>
      json(200, {
        sources: Object.fromEntries(sources().map(({ name, standing }) => [name, standing])),
        ...(auditDrops && { audit: { dropped: auditDrops() } }),
      }),
  };
}

/**
 * `/debug/vars`: the command line and the memory in use, with those of Go's names (`expvar`, `runtime.MemStats`) that
 * mean something here; bytes.
 */
export function debugVars(): Endpoint {
  return {
    methods: METHODS,
    handle: async () => {
      const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
      return json(200, {
        cmdline: process.argv,
        memstats: {
          Alloc: heapUsed + external,
          Sys: rss,
          HeapAlloc: heapUsed,
          HeapSys: heapTotal,
          HeapIdle: heapTotal - heapUsed,
        },
        node: { version: process.version, uptimeSeconds: process.uptime(), external, arrayBuffers },
      });
    },
  };
}

/** The numbers in Prometheus' format. */
export function metricsEndpoint(source: {
  readonly contentType: string;
  expose(): Promise<string>;
}): Endpoint {
  return {
    methods: METHODS,
    handle: async () => ({
      status: 200,
      headers: { 'Content-Type': source.contentType },
      body: await source.expose(),
    }),
  };
}
