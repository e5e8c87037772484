import type { App } from '../../http/message.ts';
import { openLog } from '../../observe/log.ts';
import type { Clock } from '../../ports.ts';
import { loadConfiguration, withDataFolder } from '../configuration.ts';
import { cannotListen } from '../failure.ts';
import { openListener } from '../listener.ts';
import { ensureAdmin, passwordFromEnvironment } from '../passwords.ts';
import { untilSignal } from '../process.ts';
import { inheritedSocket } from '../socket-activation.ts';
import { openState } from '../state.ts';
import { welcome } from '../welcome.ts';
import { wireRegistry } from '../wire.ts';

const CLOCK: Clock = { now: Date.now };

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
  const { config, remove } = await withDataFolder(loaded.config);
  const state = await openState(config.storage.rootDirectory);
  void state.index.lost.then((error) => {
    log.error('the index can no longer be written; ending, to be started again', { error });
    log.flush();
    process.exit(1);
  });
  try {
    const { app, startJobs, stop } = await wireRegistry({ config, document, state, clock: CLOCK, log });
    const prepared = Promise.withResolvers<void>();
    const { http } = config;
    const server = await openListener({
      app: answeringAfter(prepared.promise, app),
      log,
      clock: CLOCK,
      address: inheritedSocket(process.env, process.pid) ?? http.listen,
      document,
      section: ['http', 'tls'],
      tls: http.tls,
      http2: http.tls === undefined ? http.h2c : http.http2,
    }).catch((error: unknown) => {
      throw cannotListen(config.http.addr, 'REGISTRY_HTTP_ADDR', error);
    });
    startJobs();
    try {
      // Only now, when nothing else can fail: the password is shown once.
      const admin = wantsAdmin ? await ensureAdmin(state.index.accounts, password, CLOCK.now()) : undefined;
      prepared.resolve();
      welcome({ server, config, file: loaded.file, admin });
      await untilSignal(log);
      await server.close(config.http.drainTimeoutMs);
    } finally {
      await server.close(0);
      await stop();
    }
  } finally {
    await state.index.close();
    await remove();
    log.flush();
  }
}
