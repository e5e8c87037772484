import type { DebugSettings } from '../config/debug-settings.ts';
import { createApp, type Endpoint } from '../http/app.ts';
import { debugVars, metricsEndpoint } from '../http/debug.ts';
import type { App } from '../http/message.ts';
import { type RunningServer, startServer } from '../http/server.ts';
import { TrustedProxies } from '../http/trusted-proxies.ts';
import type { ExposedMetrics } from '../observe/metrics.ts';
import type { Clock, Logger } from '../ports.ts';
import { cannotListen } from './failure.ts';

/** What the debug server shows. */
export interface DebugParts {
  readonly metrics: ExposedMetrics | undefined;
  /** Where its address is configured, for messages. */
  readonly setting: string;
  /** `/healthz`, `/readyz` and what else tells of the program's health. */
  readonly probes: readonly (readonly [string, Endpoint])[];
  readonly log: Logger;
  readonly clock: Clock;
}

/** What answers at the debug address. */
function debugApp(settings: DebugSettings, { metrics, probes, log, clock }: DebugParts): App {
  const endpoints = new Map<string, Endpoint>([...probes, ['/debug/vars', debugVars()]]);
  if (settings.metricsPath !== undefined && metrics !== undefined) {
    endpoints.set(settings.metricsPath, metricsEndpoint(metrics));
  }
  return createApp({
    endpoints,
    v2: undefined,
    prefix: '',
    headers: {},
    proxies: new TrustedProxies([], log),
    isUnhealthy: () => false,
    log,
    clock,
    accessLog: undefined,
    requestMetrics: undefined,
  });
}

/**
 * Starts the debug server. It speaks plain HTTP and asks for no password, as the original's.
 * @throws Failure
 */
export function startDebugServer(settings: DebugSettings, parts: DebugParts): Promise<RunningServer> {
  const { log } = parts;
  return startServer({ app: debugApp(settings, parts), log, address: settings.listen, tls: undefined }).catch(
    (error: unknown) => {
      throw cannotListen(settings.addr, parts.setting, error);
    },
  );
}
