import type { Loaded } from '../config/document.ts';
import type { RegistryConfig } from '../config/registry-config.ts';
import { createApp } from '../http/app.ts';
import { externalUrl } from '../http/external-url.ts';
import { type HealthCheck, ready } from '../http/health.ts';
import type { App } from '../http/message.ts';
import { expireUploads } from '../lifecycle/expire-uploads.ts';
import { Jobs } from '../lifecycle/job.ts';
import { removeDiscarded } from '../lifecycle/remove-discarded.ts';
import type { Clock, Logger } from '../ports.ts';
import { createRegistry } from '../registry/registry.ts';
import type { BuiltinAuth } from './builtin-auth.ts';
import { manifestRules } from './manifest-rules.ts';
import { registryAccess } from './registry-access.ts';
import type { State } from './state.ts';
import { commonEndpoints } from './token-endpoints.ts';

const SWEEP_INTERVAL_MS = 60_000;

/** What a registry is put together from. */
export interface RegistryParts extends Omit<Loaded<RegistryConfig>, 'notices'> {
  readonly state: State;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A registry that answers requests. */
export interface RegistryProgram {
  readonly app: App;
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
  const registry = createRegistry({
    ...state,
    clock,
    log,
    onDiscard: sweeper.nudge,
    deleteEnabled: storage.deleteEnabled,
    manifestRules: manifestRules(config.validation),
  });
  const { uploads } = registry;
  jobs.add('expire uploads', storage.uploadPurging.intervalMs, async () => {
    if (storage.uploadPurging.enabled) {
      await expireUploads({ ...state, uploads, clock, log }, storage.uploadPurging);
    }
  });
  jobs.add('close idle uploads', SWEEP_INTERVAL_MS, () => uploads.closeIdle());

  const checks: HealthCheck[] = [
    { name: 'index', check: () => state.index.ping() },
    { name: 'content', check: () => state.content.ping() },
  ];
  const app = createApp({
    log,
    clock,
    accessLog: config.log.accessLog,
    prefix: http.prefix,
    headers: Object.fromEntries(
      Object.entries(http.headers).map(([name, values]) => [name, values.join(', ')]),
    ),
    endpoints: new Map([
      ...commonEndpoints('Berth, a container registry. Clients: docker login, docker push, docker pull.'),
      ['/readyz', { methods: ['GET', 'HEAD'], handle: () => ready(checks, log) }],
      ...access.endpoints,
    ]),
    v2: {
      registry,
      access: access.control,
      isReadOnly: storage.readOnly,
      limits: { maxCatalogEntries: config.catalog.maxEntries, maxTags: config.tags.maxTags },
      urlOf: urls.locationOf,
    },
  });
  return {
    app,
    auth: access.builtin,
    startJobs: () => jobs.start(),
    async stop() {
      await jobs.stop();
      await uploads.close();
    },
  };
}
