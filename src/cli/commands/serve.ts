import { loadRegistryConfig } from '../../config/distribution.ts';
import type { App } from '../../http/message.ts';
import { type RunningServer, startServer } from '../../http/server.ts';
import { openAccessLog } from '../../observe/access-log.ts';
import { openLog } from '../../observe/log.ts';
import type { Clock } from '../../ports.ts';
import { startDebugServer } from '../debug-server.ts';
import { cannotListen } from '../failure.ts';
import { ensureAdmin, passwordFromEnvironment } from '../passwords.ts';
import { untilSignal } from '../process.ts';
import { openState } from '../state.ts';
import { loadTls } from '../tls.ts';
import { version } from '../version.ts';
import { welcome } from '../welcome.ts';
import { wireRegistry } from '../wire.ts';

const CLOCK: Clock = { now: Date.now };
const DEFAULT_DRAIN_MS = 10_000;

/** Makes requests that come earlier wait. */
function answeringAfter(prepared: Promise<void>, app: App): App {
  let isPrepared = false;
  void prepared.then(() => {
    isPrepared = true;
  });
  return (request) => (isPrepared ? app(request) : prepared.then(() => app(request)));
}

/**
 * `berth serve [config.yml]`: the registry, with its own token service where the configuration asks for none else.
 * Returns after a signal has ended it.
 * @throws ConfigError, Failure
 */
export async function serve(file: string | undefined): Promise<void> {
  const loaded = loadRegistryConfig({ file, env: process.env });
  const { config, document, notices } = loaded;
  const log = openLog(config.log);
  for (const notice of notices) log.warn(notice);
  const wantsAdmin = config.auth.kind === 'builtin' && config.auth.settings.users === undefined;
  const password = wantsAdmin ? passwordFromEnvironment(process.env) : undefined;
  const accessLog = config.log.accessLog ? openAccessLog(config.log, log.out) : undefined;
  const { debug } = config.http;
  // Loading the library takes a while, and nobody can look at metrics without the path.
  const metrics =
    debug?.metricsPath === undefined
      ? undefined
      : await import('../../observe/metrics.ts').then(({ openMetrics }) =>
          openMetrics({ version: version() }),
        );
  const state = await openState(config.storage.rootDirectory, metrics);
  void state.index.lost.then((error) => {
    log.error('the index can no longer be written; ending, to be started again', { error });
    log.flush();
    process.exit(1);
  });
  try {
    const { app, probes, startJobs, stop } = await wireRegistry({
      ...loaded,
      state,
      clock: CLOCK,
      log,
      accessLog,
      metrics,
    });
    const prepared = Promise.withResolvers<void>();
    const server = await startServer({
      app: answeringAfter(prepared.promise, app),
      log,
      address: config.http.listen,
      tls: loadTls(document, ['http', 'tls'], config.http.tls),
    }).catch((error: unknown) => {
      throw cannotListen(config.http.addr, 'REGISTRY_HTTP_ADDR', error);
    });
    startJobs();
    let debugServer: RunningServer | undefined;
    try {
      debugServer = debug && (await startDebugServer(debug, { metrics, probes, log, clock: CLOCK }));
      // Only now, when nothing else can fail: the password is shown once.
      const admin = wantsAdmin ? await ensureAdmin(state.index.accounts, password, CLOCK.now()) : undefined;
      prepared.resolve();
      welcome({ server, debugServer, config, admin });
      await untilSignal(log);
      await server.close(config.http.drainTimeoutMs || DEFAULT_DRAIN_MS);
    } finally {
      await server.close(0);
      await debugServer?.close(0);
      await stop();
    }
  } finally {
    await state.index.close();
    accessLog?.flush();
    log.flush();
  }
}
