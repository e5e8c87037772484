import { PasswordChecker } from '../../auth/identity/password-checker.ts';
import { Throttle } from '../../auth/throttle.ts';
import { type LoadedAuth, loadAuthConfig } from '../../config/docker-auth.ts';
import { debugAuth } from '../../http/debug.ts';
import { liveEndpoint } from '../../http/health.ts';
import { RequestMetrics } from '../../http/request-metrics.ts';
import { openAccessLog } from '../../observe/access-log.ts';
import { openLog } from '../../observe/log.ts';
import { openMetrics } from '../../observe/metrics.ts';
import { NO_METRICS, SYSTEM_CLOCK } from '../../ports.ts';
import { openAudit } from '../audit.ts';
import { type AuthProgram, wireAuth } from '../auth-program.ts';
import { showSources } from '../auth-sight.ts';
import type { AuthSurroundings } from '../auth-tokens.ts';
import { startDebugServer } from '../debug-server.ts';
import { cannotListen } from '../failure.ts';
import { Generations } from '../generations.ts';
import { type Listener, openListener } from '../listener.ts';
import { onHangup, untilSignal } from '../process.ts';
import { reloading } from '../reloading.ts';
import { keysForRestart } from '../restart-keys.ts';
import { openState } from '../state.ts';
import { version } from '../version.ts';
import { clientAddress } from '../welcome.ts';

const DRAIN_MS = 5_000;

/**
 * `berth auth auth.yml`: the token service alone, configured as docker_auth. Returns after a signal has ended it.
 * @param verbosity docker_auth's `--v`: from 2 on, what was refused and why is logged too
 * @throws ConfigError, Failure
 */
export async function auth(file: string, verbosity: number): Promise<void> {
  const opened = new AsyncDisposableStack();
  try {
    await run(file, verbosity, opened);
  } finally {
    // After a start that failed, too: what stays open keeps the process from its end.
    await opened.disposeAsync();
  }
}

async function run(file: string, verbosity: number, opened: AsyncDisposableStack): Promise<void> {
  const loaded = loadAuthConfig(file);
  const logOptions = { level: verbosity >= 2 ? 'debug' : 'info', formatter: 'text', fields: {} } as const;
  const log = openLog(logOptions);
  opened.defer(() => log.flush());
  const accessLog = openAccessLog(logOptions, log.out);
  opened.defer(() => accessLog.flush());
  for (const notice of loaded.notices) log.warn(notice);
  const { data, server: settings, throttle, token } = loaded.config;
  const { debug } = loaded.config;
  // Loading the library takes a while, and nobody can look at metrics without the path.
  const exposed = debug?.metricsPath === undefined ? undefined : await openMetrics({ version: version() });
  const metrics = exposed ?? NO_METRICS;
  const audit = await openAudit(loaded.config.audit, loaded.document, { clock: SYSTEM_CLOCK, log, metrics });
  opened.defer(() => audit?.close());
  const state = data === undefined ? undefined : await openState(data, exposed);
  opened.defer(() => state?.index.close());
  void state?.index.lost.then((error) => {
    log.error('the index can no longer be written; ending, to be started again', { error });
    log.flush();
    process.exit(1);
  });
  const auditDrops = audit && (() => audit.drops.counts());
  const surroundings: AuthSurroundings = {
    ...{ clock: SYSTEM_CLOCK, log, accessLog, metrics, auditDrops },
    requestMetrics: exposed && new RequestMetrics(exposed),
    index: state?.index,
    passwords: new PasswordChecker(SYSTEM_CLOCK, metrics),
    guard: {
      throttle: throttle && new Throttle(throttle, SYSTEM_CLOCK),
      audit,
      clock: SYSTEM_CLOCK,
      metrics,
    },
  };
  const first = await wireAuth(file, loaded, surroundings);
  void first.start();
  const programs = new Generations(first);
  opened.defer(() => programs.close());
  const sources = () => programs.current.sources;
  showSources(sources, metrics);
  const server = await openListener({
    app: (request) => programs.use(({ app }) => app(request)),
    log,
    clock: SYSTEM_CLOCK,
    address: settings.listen,
    document: loaded.document,
    section: ['server'],
    tls: settings.tls,
  }).catch((error: unknown) => {
    throw cannotListen(settings.addr, `server.addr in ${file}`, error);
  });
  const debugServer =
    debug &&
    (await startDebugServer(debug, {
      ...{ metrics: exposed, log, clock: SYSTEM_CLOCK, setting: `debug.addr in ${file}` },
      probes: [
        ['/healthz', liveEndpoint()],
        [
          '/readyz',
          { ...programs.current.ready, handle: (request) => programs.current.ready.handle(request) },
        ],
        ['/debug/auth', debugAuth(sources, auditDrops)],
      ],
    }).catch(async (error: unknown) => {
      await server.close(0);
      throw error;
    }));
  opened.defer(() => debugServer?.close(0));
  opened.defer(() => server.close(DRAIN_MS));
  const reload = await reloading({
    first: programs.current,
    take: () => takeOver({ file, log, surroundings, programs, server, started: loaded }),
    log,
  });
  opened.defer(() => reload.stop());
  onHangup(() => {
    audit?.reopen();
    void reload.now();
  });
  const scheme = settings.tls === undefined ? 'http' : 'https';
  const address = clientAddress(server.address);
  process.stdout.write(
    `Berth issues tokens as "${token.issuer}" at ${scheme}://${address}${settings.pathPrefix}/auth\n`,
  );
  if (debugServer !== undefined) {
    process.stdout.write(`The debug server is at http://${clientAddress(debugServer.address)}\n`);
  }
  await untilSignal(log);
}

/**
 * Reads the configuration anew and answers by it from now on; requests under way end as they began.
 * @throws ConfigError; everything then stays as it is
 */
async function takeOver(parts: {
  readonly file: string;
  readonly log: ReturnType<typeof openLog>;
  readonly surroundings: AuthSurroundings;
  readonly programs: Generations<AuthProgram>;
  readonly server: Listener;
  /** As the process was started. */
  readonly started: LoadedAuth;
}): Promise<AuthProgram> {
  const { file, log, surroundings, programs, server, started } = parts;
  const loaded = loadAuthConfig(file);
  const next = await wireAuth(file, loaded, surroundings, programs.current);
  const { document, config } = loaded;
  const restart = keysForRestart(started.config, config);
  if (config.server.tls !== undefined) {
    try {
      server.useTls({ document, section: ['server'], settings: config.server.tls });
    } catch (error) {
      await next.close();
      throw error;
    }
  }
  for (const notice of loaded.notices) log.warn(notice);
  if (restart.length > 0) {
    log.warn('these keys have changed and need a restart; the rest is in use', { keys: restart.join(', ') });
  }
  // Requests meanwhile are answered as before, so that none waits for a server that is away.
  await next.start();
  programs.replace(next);
  return next;
}
