import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { NotificationsSettings } from '../config/notifications-settings.ts';
import type { HttpSettings, RegistryConfig } from '../config/registry-config.ts';
import type { Audience } from '../index/events.ts';
import type { Index } from '../index/index.ts';
import type { Jobs } from '../lifecycle/job.ts';
import type { Clock, Events, Logger, Metrics } from '../ports.ts';
import { version } from './version.ts';

/** Events that other processes recorded, or whose time has come, are found so soon. */
const POLL_MS = 1_000;
const PRUNE_INTERVAL_MS = 3_600_000;
/** A count of what waits stops here, so that it costs the same whatever has gathered. */
const MOST_COUNTED = 100_000;

/** The notifications of a registry. */
export interface Notifications {
  readonly events: Events;
  /** The index through which changes are told. */
  readonly index: Index;
  /** Records what waits and lets go of the queue; what is not delivered is for the next start. */
  stop(): Promise<void>;
}

/** What they are put together from. */
export interface NotificationParts {
  readonly index: Index;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** The host's name and the port, as registry:2 names itself in events. */
function sourceAddress({ listen }: HttpSettings): string {
  return listen.kind === 'tcp' ? `${hostname()}:${listen.port}` : hostname();
}

function audienceOf(settings: NotificationsSettings, http: HttpSettings): Audience {
  return {
    source: { address: sourceAddress(http), instanceId: randomUUID() },
    includeReferences: settings.includeReferences,
    subscribers: settings.endpoints.map(({ name, ignoredMediaTypes, ignoredActions }) => ({
      endpoint: name,
      ignoredMediaTypes,
      ignoredActions,
    })),
  };
}

/**
 * The index as a command uses it that changes something beside the registry, or alone: what it does is told to the
 * configured endpoints, by a registry that runs, or by the next.
 */
export function toldIndex(
  { notifications: settings, http }: RegistryConfig,
  { index, actor }: { readonly index: Index; readonly actor: string },
): Index {
  if (settings.endpoints.length === 0) return index;
  const audience = audienceOf(settings, http);
  const scheme = http.tls === undefined ? 'http' : 'https';
  const origin = {
    ...{ requestId: randomUUID(), address: '', host: '', method: '', userAgent: `berth/${version()}` },
    ...{ actor, baseUrl: (http.host ?? `${scheme}://${sourceAddress(http)}`) + http.prefix },
  };
  return index.recording({
    note: () => ({ origin, audience, atMs: Date.now(), before: [] }),
    recorded: () => undefined,
    failed: () => undefined,
  });
}

/**
 * Puts together what `notifications` in the configuration asks for.
 * @returns undefined where there is nobody to tell: nothing is loaded then, and nothing recorded
 */
export async function wireNotifications(
  { notifications: settings, http }: RegistryConfig,
  { index, jobs, clock, log, metrics }: NotificationParts,
): Promise<Notifications | undefined> {
  if (settings.endpoints.length === 0) return undefined;
  const { Dispatcher, Figures, HttpSink, Notifier, pruneEvents } = await import('../events/parts.ts');
  const names = settings.endpoints.map(({ name }) => name);
  const figures = new Figures(metrics, names);
  const delivery = jobs.add('deliver notifications', POLL_MS, async () => {
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.dispatch()));
  });
  jobs.add('remove old notifications', PRUNE_INTERVAL_MS, () =>
    pruneEvents({ index: index.events, clock, log }),
  );
  const dispatchers = settings.endpoints.map(({ name, url, headers, timeoutMs, threshold, backoffMs }) => {
    const revealed = [...headers].map(
      ([header, values]) => [header, values.map((one) => one.reveal())] as const,
    );
    const sink = new HttpSink({
      url: url.reveal(),
      headers: new Map(revealed),
      timeoutMs,
      env: process.env,
    });
    const endpoint = { name, sink, timeoutMs, threshold, backoffMs };
    return new Dispatcher({ index: index.events, endpoint, figures, clock, log, onFree: delivery.nudge });
  });
  const notifier = new Notifier({
    index: index.events,
    audience: audienceOf(settings, http),
    clock,
    log,
    onRecorded(tally) {
      figures.recorded(tally);
      delivery.nudge();
    },
  });
  for (const [name, figure] of [
    ['registry_notifications_pending_total', 'pending'],
    ['berth_notifications_parked', 'parked'],
  ] as const) {
    metrics.gauge(name, () =>
      Promise.all(
        names.map(async (endpoint) => ({
          labels: { endpoint },
          value: (await index.events.backlog(endpoint, MOST_COUNTED))[figure],
        })),
      ),
    );
  }
  log.info('events are sent to endpoints', { endpoints: names });
  return {
    events: notifier,
    index: index.recording(notifier.recorder),
    async stop() {
      await notifier.flush();
      await Promise.all(dispatchers.map((dispatcher) => dispatcher.stop()));
    },
  };
}
