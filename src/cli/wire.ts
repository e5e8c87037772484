import { randomUUID } from 'node:crypto';
import type { Loaded } from '../config/document.ts';
import type { RegistryConfig } from '../config/registry-config.ts';
import { createApp, type Endpoint } from '../http/app.ts';
import { debugHealth } from '../http/debug.ts';
import { externalUrl } from '../http/external-url.ts';
import { type HealthCheck, liveEndpoint, readyEndpoint } from '../http/health.ts';
import type { App } from '../http/message.ts';
import { DEFAULT_TRUSTED, TrustedProxies } from '../http/trusted-proxies.ts';
import { countedAccess } from '../http/v2/counted-access.ts';
import { expireUploads } from '../lifecycle/expire-uploads.ts';
import { Jobs } from '../lifecycle/job.ts';
import { removeDiscarded } from '../lifecycle/remove-discarded.ts';
import { verifyWhenDue } from '../lifecycle/verify/scheduled.ts';
import { type AccessLog, type Clock, type Logger, type Metrics, NO_METRICS } from '../ports.ts';
import { createRegistry } from '../registry/registry.ts';
import type { BuiltinAuth } from './builtin-auth.ts';
import { watchHealth } from './health.ts';
import { manifestRules } from './manifest-rules.ts';
import { wireNotifications } from './notifications.ts';
import { registryAccess } from './registry-access.ts';
import type { State } from './state.ts';
import { commonEndpoints } from './token-endpoints.ts';

const SWEEP_INTERVAL_MS = 60_000;

/** What a registry is put together from. */
export interface RegistryParts extends Omit<Loaded<RegistryConfig>, 'notices'> {
  readonly state: State;
  readonly clock: Clock;
  readonly log: Logger;
  /** undefined: the configuration wants none. */
  readonly accessLog: AccessLog | undefined;
  /** undefined: nobody would look at them. */
  readonly metrics: Metrics | undefined;
}

/** A registry that answers requests. */
export interface RegistryProgram {
  readonly app: App;
  /** What tells of its health, for the debug server. */
  readonly probes: readonly (readonly [string, Endpoint])[];
  /** The token service of its own, where the configuration asks for one. */
  readonly auth: BuiltinAuth | undefined;
  /** Begins what is done in the background: what a process that died left to do first, beside the requests. */
  startJobs(): void;
  /** Ends the background jobs and lets go of open files, once no request is under way. The state stays open. */
  stop(): Promise<void>;
}

/**
 * Puts a registry together, as its configuration asks for.
 * @throws ConfigError
 */
export async function wireRegistry({
  config,
  document,
  state,
  clock,
  log,
  accessLog,
  metrics,
}: RegistryParts): Promise<RegistryProgram> {
  const { storage, http } = config;
  const urls = externalUrl({
    host: http.host,
    prefix: http.prefix,
    relative: http.relativeUrls,
    fallbackHost: http.addr,
  });
  const access = await registryAccess(config.auth, { index: state.index, document, urls, clock, log });

  const jobs = new Jobs(log);
  const sweeper = jobs.add('remove discarded content', SWEEP_INTERVAL_MS, () => removeDiscarded(state));
  const notifications = await wireNotifications(config, {
    index: state.index,
    jobs,
    clock,
    log,
    metrics: metrics ?? NO_METRICS,
  });
  const rules = manifestRules(config.validation);
  const registry = createRegistry({
    ...state,
    index: notifications?.index ?? state.index,
    clock,
    log,
    onDiscard: sweeper.nudge,
    deleteEnabled: storage.deleteEnabled,
    ...(metrics && { metrics }),
    manifestRules: rules,
  });
  const { uploads } = registry;
  jobs.add('expire uploads', storage.uploadPurging.intervalMs, async () => {
    if (storage.uploadPurging.enabled) {
      await expireUploads({ ...state, uploads, clock, log }, storage.uploadPurging);
    }
  });
  const stopping = new AbortController();
  if (storage.verify.enabled) {
    const { bandwidth, ...verify } = storage.verify;
    const options = { ...verify, bytesPerSecond: bandwidth, rules, signal: stopping.signal };
    const owner = randomUUID();
    jobs.add('verify content', SWEEP_INTERVAL_MS, () =>
      verifyWhenDue({ ...state, clock, log }, options, owner),
    );
  }
  jobs.add('close idle uploads', SWEEP_INTERVAL_MS, () => uploads.closeIdle());

  metrics?.gauge('berth_uploads_open', () => [{ labels: {}, value: uploads.openCount }]);
  const health = watchHealth(config.health, { state, jobs, log, metrics });
  const failures = () => health.failures();
  const checks: HealthCheck[] = [
    { name: 'index', check: () => state.index.ping() },
    { name: 'content', check: () => state.content.ping() },
  ];
  const ready = readyEndpoint(checks, failures, log);
  const app = createApp({
    log,
    clock,
    accessLog,
    metrics,
    proxies: new TrustedProxies(http.trustedProxies ?? DEFAULT_TRUSTED, log),
    isUnhealthy: () => health.isUnhealthy(),
    prefix: http.prefix,
    headers: Object.fromEntries(
      Object.entries(http.headers).map(([name, values]) => [name, values.join(', ')]),
    ),
    endpoints: new Map([
      ...commonEndpoints('Berth, a container registry. Clients: docker login, docker push, docker pull.'),
      ['/readyz', ready],
      ...access.endpoints,
    ]),
    v2: {
      registry,
      access: metrics === undefined ? access.control : countedAccess(access.control, metrics),
      isReadOnly: storage.readOnly,
      limits: { maxCatalogEntries: config.catalog.maxEntries, maxTags: config.tags.maxTags },
      urlOf: urls.locationOf,
      events: notifications && { events: notifications.events, baseOf: urls.baseOf },
    },
  });
  return {
    app,
    probes: [
      ['/healthz', liveEndpoint()],
      ['/readyz', ready],
      ['/debug/health', debugHealth(failures)],
    ],
    auth: access.builtin,
    startJobs: () => jobs.start(),
    async stop() {
      access.watch?.stop();
      health.stop();
      stopping.abort();
      await jobs.stop();
      await notifications?.stop();
      await uploads.close();
    },
  };
}
