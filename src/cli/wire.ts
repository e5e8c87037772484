import { randomUUID } from 'node:crypto';
import { accountAdministration } from '../auth/accounts/administration.ts';
import type { LoginGuard } from '../auth/guarded-tokens.ts';
import { Throttle } from '../auth/throttle.ts';
import { KeptLogins } from '../auth/token/kept-logins.ts';
import type { Loaded } from '../config/document.ts';
import type { RegistryConfig } from '../config/registry-config.ts';
import { RegistryAdminAccess } from '../http/api/access.ts';
import { createApp, type Endpoint } from '../http/app.ts';
import { debugAuth, debugHealth } from '../http/debug.ts';
import { externalUrl } from '../http/external-url.ts';
import { type HealthCheck, liveEndpoint, readyEndpoint } from '../http/health.ts';
import type { App } from '../http/message.ts';
import { RequestMetrics } from '../http/request-metrics.ts';
import { DEFAULT_TRUSTED, TrustedProxies } from '../http/trusted-proxies.ts';
import { countedAccess } from '../http/v2/counted-access.ts';
import { assignAllowances } from '../lifecycle/assign-allowances.ts';
import { Collector } from '../lifecycle/collect/collector.ts';
import { expireUploads } from '../lifecycle/expire-uploads.ts';
import { Explain } from '../lifecycle/explain/explain.ts';
import { Jobs } from '../lifecycle/job.ts';
import { Journal } from '../lifecycle/journal.ts';
import { pruneJournal } from '../lifecycle/prune-journal.ts';
import { removeDiscarded } from '../lifecycle/remove-discarded.ts';
import { Statistics } from '../lifecycle/statistics.ts';
import { Undelete } from '../lifecycle/undelete.ts';
import { verifyWhenDue } from '../lifecycle/verify/scheduled.ts';
import { type AccessLog, type Audit, type Clock, type Logger, type Metrics, NO_METRICS } from '../ports.ts';
import { createRegistry } from '../registry/registry.ts';
import { openAudit } from './audit.ts';
import { showSources, statesOf } from './auth-sight.ts';
import type { BuiltinAuth } from './builtin-auth.ts';
import { watchHealth } from './health.ts';
import { manifestRules } from './manifest-rules.ts';
import { wireNotifications } from './notifications.ts';
import { registryAccess } from './registry-access.ts';
import { wireRetention } from './retention.ts';
import type { State } from './state.ts';
import { whyNotTakenOver, wireTakeOver } from './take-over.ts';
import { commonEndpoints } from './token-endpoints.ts';
import { version } from './version.ts';

const SWEEP_INTERVAL_MS = 60_000;
const ALLOWANCE_INTERVAL_MS = 600_000;
const COUNT_INTERVAL_MS = 5_000;
const HOUR_MS = 3_600_000;
/** How often it is looked whether a collection is due; which process does it, the index says. */
const COLLECTION_LOOK_MS = 5 * 60_000;

/** What a registry is put together from. */
export interface RegistryParts extends Omit<Loaded<RegistryConfig>, 'notices'> {
  readonly state: State;
  readonly clock: Clock;
  readonly log: Logger;
  /** undefined: the configuration wants none. */
  readonly accessLog: AccessLog | undefined;
  /** undefined: nobody would look at them. */
  readonly metrics: Metrics | undefined;
  /** In the place of the sinks that the configuration names. */
  readonly audit?: Audit;
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
  /** Opens files anew that another program has moved. */
  reopenFiles(): void;
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
  audit,
}: RegistryParts): Promise<RegistryProgram> {
  const { storage, http } = config;
  const opened =
    audit === undefined
      ? await openAudit(config.audit, document, { clock, log, metrics: metrics ?? NO_METRICS })
      : undefined;
  const guard: LoginGuard = {
    throttle: config.throttle && new Throttle(config.throttle, clock),
    audit: audit ?? opened,
    clock,
    metrics,
  };
  const urls = externalUrl({
    host: http.host,
    prefix: http.prefix,
    relative: http.relativeUrls,
    fallbackHost: http.addr,
  });
  const access = await registryAccess(config.auth, {
    index: state.index,
    document,
    urls,
    clock,
    log,
    guard,
    metrics,
  });

  const jobs = new Jobs(log);
  const sweeper = jobs.add('remove discarded content', SWEEP_INTERVAL_MS, () =>
    removeDiscarded(state, { originals: storage.garbageCollect.originals }),
  );
  const notifications = await wireNotifications(config, {
    index: state.index,
    jobs,
    clock,
    log,
    metrics: metrics ?? NO_METRICS,
  });
  const registryIndex = notifications?.index ?? state.index;
  const rules = manifestRules(config.validation);
  const registry = createRegistry({
    ...state,
    index: registryIndex,
    clock,
    log,
    onDiscard: sweeper.nudge,
    deleteEnabled: storage.deleteEnabled,
    ...(metrics && { metrics }),
    manifestRules: rules,
    rules: config.repositories,
  });
  const { uploads, pulls } = registry;
  jobs.add('expire uploads', storage.uploadPurging.intervalMs, async () => {
    if (storage.uploadPurging.enabled) {
      await expireUploads({ ...state, uploads, clock, log }, storage.uploadPurging);
    }
  });
  jobs.add('assign repositories to quotas', ALLOWANCE_INTERVAL_MS, async () => {
    const assigned = await assignAllowances(state.index.usage, config.repositories);
    if (assigned > 0) log.info('repositories were assigned to the quotas that they share', { assigned });
  });
  jobs.add('record pulls', COUNT_INTERVAL_MS, () => pulls.flush());
  const { garbageCollect, keepDeletedMs } = storage;
  const whyNotNow = () => whyNotTakenOver(state);
  const collector = new Collector({ ...state, clock, log, whyNotNow });
  const wishes = { ...garbageCollect, keepDeletedMs };
  if (garbageCollect.enabled) {
    jobs.add('collect garbage', Math.min(COLLECTION_LOOK_MS, garbageCollect.intervalMs), () =>
      collector.runIfDue(wishes, garbageCollect.intervalMs),
    );
  }
  const retention = wireRetention(config, { index: state.index, jobs, pulls, clock, log, whyNotNow });
  jobs.add('prune the journal', HOUR_MS, () =>
    pruneJournal(state.index, clock.now() - storage.keepJournalMs),
  );
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

  const takeOver = await wireTakeOver({ state, jobs, clock, log, metrics });
  metrics?.gauge('berth_uploads_open', () => [{ labels: {}, value: uploads.openCount }]);
  const health = watchHealth(config.health, { state, jobs, log, metrics });
  const failures = () => health.failures();
  const checks: HealthCheck[] = [
    { name: 'index', check: () => state.index.ping() },
    { name: 'content', check: () => state.content.ping() },
  ];
  const sources = () => access.builtin?.sources ?? [];
  if (metrics !== undefined) showSources(sources, metrics);
  const auditDrops = opened && (() => opened.drops.counts());
  const ready = readyEndpoint({
    ...{ checks, failures, log, auditDrops },
    takeOver: async () => takeOver?.progress(),
    sources: () => statesOf(sources()),
  });
  const events = notifications && { events: notifications.events, baseOf: urls.baseOf };
  const app = createApp({
    log,
    clock,
    accessLog,
    requestMetrics: metrics && new RequestMetrics(metrics),
    proxies: new TrustedProxies(http.trustedProxies ?? DEFAULT_TRUSTED, log),
    isUnhealthy: () => health.isUnhealthy(),
    prefix: http.prefix,
    headers: Object.fromEntries(
      Object.entries(http.headers).map(([name, values]) => [name, values.join(', ')]),
    ),
    page: (path) => access.builtin?.page(path),
    endpoints: new Map([
      ...commonEndpoints('Berth, a container registry. Clients: docker login, docker push, docker pull.'),
      ['/readyz', ready],
      ...access.endpoints,
    ]),
    api: {
      administration: {
        ...{ collector, retention, wishes, journal: new Journal(state), preparation: takeOver },
        accounts: accountAdministration({ index: state.index, clock }),
        logins: new KeptLogins(state.index.logins, clock),
        statistics: new Statistics({
          index: state.index,
          rules: config.repositories,
          flushPulls: () => pulls.flush(),
        }),
        undelete: new Undelete({ index: registryIndex, clock, keepDeletedMs, limits: registry.limits }),
        access: access.builtin?.explainer,
        explain: new Explain({ ...state, clock, keepDeletedMs, graceMs: garbageCollect.graceMs }),
      },
      ...{ audit: guard.audit, clock },
      access: new RegistryAdminAccess({ control: access.control, service: access.builtin?.service }),
      isReadOnly: storage.readOnly,
      events,
      version: version(),
    },
    v2: {
      registry,
      access: metrics === undefined ? access.control : countedAccess(access.control, metrics),
      isReadOnly: storage.readOnly,
      limits: { maxCatalogEntries: config.catalog.maxEntries, maxTags: config.tags.maxTags },
      urlOf: urls.locationOf,
      preparation: takeOver,
      events,
    },
  });
  return {
    app,
    probes: [
      ['/healthz', liveEndpoint()],
      ['/readyz', ready],
      ['/debug/health', debugHealth(failures)],
      ['/debug/auth', debugAuth(sources, auditDrops)],
    ],
    auth: access.builtin,
    startJobs: () => jobs.start(),
    reopenFiles: () => opened?.reopen(),
    async stop() {
      access.watch?.stop();
      await access.builtin?.close();
      health.stop();
      stopping.abort();
      await retention.stop();
      await collector.stop();
      await takeOver?.stop();
      await jobs.stop();
      await pulls.flush();
      await notifications?.stop();
      await uploads.close();
      await opened?.close();
    },
  };
}
