import type { HealthCheckSettings } from '../config/health-settings.ts';
import { healthCheckName } from '../config/registry-health-schema.ts';
import type { Check } from '../health/check.ts';
import { fileCheck, httpCheck, tcpCheck } from '../health/checks.ts';
import { Health } from '../health/health.ts';
import type { Jobs } from '../lifecycle/job.ts';
import { type Logger, type Metrics, NO_METRICS } from '../ports.ts';
import type { State } from './state.ts';

/** A storage or file check that hangs has failed, after so long. */
const STUCK_MS = 30_000;

function checkOf(settings: HealthCheckSettings, state: State): { check: Check; timeoutMs: number } {
  switch (settings.kind) {
    case 'storage':
      return {
        timeoutMs: STUCK_MS,
        check: async () => {
          await state.index.ping();
          await state.content.ping();
        },
      };
    case 'file':
      return { timeoutMs: STUCK_MS, check: fileCheck(settings.file) };
    case 'http': {
      const headers = settings.headers.map(([name, value]): [string, string] => [name, value.reveal()]);
      return { timeoutMs: settings.timeoutMs, check: httpCheck({ ...settings, headers }) };
    }
    case 'tcp':
      return { timeoutMs: settings.timeoutMs, check: tcpCheck(settings.host, settings.port) };
  }
}

/** The checks of the configuration, made at their intervals by `jobs`. */
export function watchHealth(
  settings: readonly HealthCheckSettings[],
  deps: {
    readonly state: State;
    readonly jobs: Jobs;
    readonly log: Logger;
    readonly metrics: Metrics | undefined;
  },
): Health {
  const checks = settings.map((one) => ({
    name: healthCheckName(one),
    intervalMs: one.intervalMs,
    threshold: one.threshold,
    ...checkOf(one, deps.state),
  }));
  const health = new Health(checks, deps.log, deps.metrics ?? NO_METRICS);
  for (const { name, intervalMs, run } of health.checks)
    deps.jobs.add(`health check ${name}`, intervalMs, run);
  return health;
}
