import type { App } from '../../http/message.ts';
import type { RunningServer } from '../../http/server.ts';
import { openAccessLog } from '../../observe/access-log.ts';
import { openLog } from '../../observe/log.ts';
import { SYSTEM_CLOCK } from '../../ports.ts';
import { loadConfiguration, withDataFolder } from '../configuration.ts';
import { startDebugServer } from '../debug-server.ts';
import { cannotListen } from '../failure.ts';
import { openListener } from '../listener.ts';
import { ensureAdmin, passwordFromEnvironment } from '../passwords.ts';
import { onHangup, untilSignal } from '../process.ts';
import { reloadingAuth } from '../registry-reload.ts';
import { inheritedSocket } from '../socket-activation.ts';
import { openState } from '../state.ts';
import { version } from '../version.ts';
import { welcome } from '../welcome.ts';
import { wireRegistry } from '../wire.ts';

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
  const loaded = loadConfiguration(file);
  const { document, notices } = loaded;
  const log = openLog(loaded.config.log);
  for (const notice of notices) log.warn(notice);
  const { auth } = loaded.config;
  const wantsAdmin = auth.kind === 'builtin' && auth.settings.users === undefined;
  const password = wantsAdmin ? passwordFromEnvironment(process.env) : undefined;
  const accessLog = loaded.config.log.accessLog ? openAccessLog(loaded.config.log, log.out) : undefined;
  const { debug } = loaded.config.http;
  // Loading the library takes a while, and nobody can look at metrics without the path.
  const metrics =
    debug?.metricsPath === undefined
      ? undefined
      : await import('../../observe/metrics.ts').then(({ openMetrics }) =>
          openMetrics({ version: version() }),
        );
  const { config, remove } = await withDataFolder(loaded.config);
  const state = await openState(config.storage.rootDirectory, metrics);
  void state.index.lost.then((error) => {
    log.error('the index can no longer be written; ending, to be started again', { error });
    log.flush();
    process.exit(1);
  });
  try {
    const {
      app,
      probes,
      auth: own,
      startJobs,
      reopenFiles,
      stop,
    } = await wireRegistry({
      config,
      document,
      state,
      clock: SYSTEM_CLOCK,
      log,
      accessLog,
      metrics,
    });
    const prepared = Promise.withResolvers<void>();
    const { http } = config;
    const server = await openListener({
      app: answeringAfter(prepared.promise, app),
      log,
      clock: SYSTEM_CLOCK,
      address: inheritedSocket(process.env, process.pid) ?? http.listen,
      document,
      section: ['http', 'tls'],
      tls: http.tls,
      http2: http.tls === undefined ? http.h2c : http.http2,
    }).catch((error: unknown) => {
      throw cannotListen(config.http.addr, 'REGISTRY_HTTP_ADDR', error);
    });
    startJobs();
    const reload = own && (await reloadingAuth({ auth: own, started: loaded, log }));
    onHangup(() => {
      reopenFiles();
      void reload?.now();
    });
    let debugServer: RunningServer | undefined;
    try {
      debugServer =
        debug &&
        (await startDebugServer(debug, {
          ...{ metrics, probes, log, clock: SYSTEM_CLOCK },
          setting: 'REGISTRY_HTTP_DEBUG_ADDR (empty: no debug server)',
        }));
      // Only now, when nothing else can fail: the password is shown once.
      const admin = wantsAdmin
        ? await ensureAdmin(state.index.accounts, password, SYSTEM_CLOCK.now())
        : undefined;
      prepared.resolve();
      welcome({ server, debugServer, config, file: loaded.file, admin });
      await untilSignal(log);
      reload?.stop();
      await server.close(config.http.drainTimeoutMs);
    } finally {
      await server.close(0);
      await debugServer?.close(0);
      await stop();
    }
  } finally {
    await state.index.close();
    await remove();
    accessLog?.flush();
    log.flush();
  }
}
