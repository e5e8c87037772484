import { readCertificates } from '../../auth/token/signing-key.ts';
import { TrustedKeys } from '../../auth/token/trust.ts';
import { TokenVerifier } from '../../auth/token/verify.ts';
import { loadRegistryConfig } from '../../config/distribution.ts';
import type { Loaded } from '../../config/document.ts';
import type { RegistryAuthSettings, RegistryConfig } from '../../config/registry-config.ts';
import { createApp, type Endpoint } from '../../http/app.ts';
import { type ExternalUrl, externalUrl } from '../../http/external-url.ts';
import { type HealthCheck, ready } from '../../http/health.ts';
import type { App, HttpRequest } from '../../http/message.ts';
import { type RunningServer, startServer } from '../../http/server.ts';
import { type AccessControl, OPEN_ACCESS, TokenAccess } from '../../http/v2/access.ts';
import { expireUploads } from '../../lifecycle/expire-uploads.ts';
import { type Job, startJob } from '../../lifecycle/job.ts';
import { removeDiscarded } from '../../lifecycle/remove-discarded.ts';
import { openLog, type ProcessLogger } from '../../observe/log.ts';
import type { Clock } from '../../ports.ts';
import { createRegistry } from '../../registry/registry.ts';
import { BUILTIN_SERVICE, builtinAuth } from '../builtin-auth.ts';
import { cannotListen } from '../failure.ts';
import { readNamedFile, usingFile } from '../key-files.ts';
import { ensureAdmin, passwordFromEnvironment } from '../passwords.ts';
import { runUntilSignal } from '../process.ts';
import { openState, type State } from '../state.ts';
import { loadTls } from '../tls.ts';
import { commonEndpoints, tokenEndpoints } from '../token-endpoints.ts';
import { welcome } from '../welcome.ts';

const CLOCK: Clock = { now: Date.now };
const SWEEP_INTERVAL_MS = 60_000;
const DEFAULT_DRAIN_MS = 10_000;

/** What the configured kind of authentication brings along. */
interface Access {
  readonly control: AccessControl;
  readonly endpoints: readonly [string, Endpoint][];
}

interface Wiring extends Loaded<RegistryConfig> {
  readonly state: State;
  readonly log: ProcessLogger;
  readonly urls: ExternalUrl;
  /** Requests that come earlier wait for it. */
  readonly prepared: Promise<void>;
}

async function foreignTokens(
  { document }: Wiring,
  settings: Extract<RegistryAuthSettings, { kind: 'token' }>,
): Promise<Access> {
  const path = ['auth', 'token', 'rootcertbundle'];
  const pem = readNamedFile(document, path, settings.rootCertBundle);
  const roots = await usingFile(document, path, settings.rootCertBundle, () => readCertificates(pem));
  const verifier = new TokenVerifier({
    keys: await TrustedKeys.create(roots, [], CLOCK),
    issuer: settings.issuer,
    audience: settings.service,
    clock: CLOCK,
  });
  const { realm, autoRedirect, autoRedirectPath } = settings;
  // registry:2 always writes https there.
  const redirected = (request: HttpRequest): string =>
    `https://${request.headers['host'] ?? ''}${autoRedirectPath}`;
  const control = new TokenAccess({
    verifier,
    service: settings.service,
    realm: autoRedirect ? redirected : () => realm,
  });
  return { control, endpoints: [] };
}

async function ownTokens(
  { document, state, log, urls }: Wiring,
  settings: Extract<RegistryAuthSettings, { kind: 'builtin' }>,
): Promise<Access> {
  const auth = await builtinAuth(settings.settings, document.scope(['auth', 'builtin']), {
    index: state.index,
    clock: CLOCK,
    log,
  });
  const control = new TokenAccess({
    verifier: auth.verifier,
    service: BUILTIN_SERVICE,
    realm: (request) => `${urls.baseOf(request)}/auth/token`,
  });
  return { control, endpoints: tokenEndpoints(auth.service, auth.keys, auth.issuer) };
}

async function accessFor(wiring: Wiring): Promise<Access> {
  const { auth } = wiring.config;
  switch (auth.kind) {
    case 'token':
      return foreignTokens(wiring, auth);
    case 'builtin':
      return ownTokens(wiring, auth);
    case 'none':
      wiring.log.warn(
        'no authentication is configured: whoever reaches this registry may pull, push and delete',
      );
      return { control: OPEN_ACCESS, endpoints: [] };
  }
}

function answeringAfter(prepared: Promise<void>, app: App): App {
  let isPrepared = false;
  void prepared.then(() => {
    isPrepared = true;
  });
  return (request) => (isPrepared ? app(request) : prepared.then(() => app(request)));
}

/** Starts the registry and its background jobs. @returns the server, and what ends everything */
async function start(wiring: Wiring): Promise<{ server: RunningServer; stop: () => Promise<void> }> {
  const { config, document, state, log, urls, prepared } = wiring;
  const jobs: Job[] = [];
  const sweeper = startJob('remove discarded content', SWEEP_INTERVAL_MS, log, () => removeDiscarded(state));
  jobs.push(sweeper);
  const registry = createRegistry({
    ...state,
    clock: CLOCK,
    log,
    onDiscard: sweeper.nudge,
    deleteEnabled: config.storage.deleteEnabled,
  });
  const { uploadPurging } = config.storage;
  const expiry = startJob('expire uploads', uploadPurging.intervalMs, log, async () => {
    if (uploadPurging.enabled) {
      await expireUploads({ ...state, uploads: registry.uploads, clock: CLOCK, log }, uploadPurging);
    }
  });
  const idle = startJob('close idle uploads', SWEEP_INTERVAL_MS, log, () => registry.uploads.closeIdle());
  jobs.push(expiry, idle);
  // What a process that died left to do is done at the next start, beside the requests.
  sweeper.nudge();
  expiry.nudge();

  const access = await accessFor(wiring);
  const checks: HealthCheck[] = [
    { name: 'index', check: () => state.index.ping() },
    { name: 'content', check: () => state.content.ping() },
  ];
  const app = createApp({
    log,
    clock: CLOCK,
    accessLog: config.log.accessLog,
    prefix: config.http.prefix,
    headers: Object.fromEntries(
      Object.entries(config.http.headers).map(([name, values]) => [name, values.join(', ')]),
    ),
    endpoints: new Map([
      ...commonEndpoints('Berth, a container registry. Clients: docker login, docker push, docker pull.'),
      ['/readyz', { methods: ['GET', 'HEAD'], handle: () => ready(checks, log) }],
      ...access.endpoints,
    ]),
    v2: {
      registry,
      access: access.control,
      isReadOnly: config.storage.readOnly,
      limits: { maxCatalogEntries: config.catalog.maxEntries, maxTags: config.tags.maxTags },
      urlOf: urls.locationOf,
    },
  });
  const server = await startServer({
    app: answeringAfter(prepared, app),
    log,
    address: config.http.listen,
    tls: loadTls(document, ['http', 'tls'], config.http.tls),
  }).catch((error: unknown) => {
    throw cannotListen(config.http.addr, 'REGISTRY_HTTP_ADDR', error);
  });
  return {
    server,
    stop: async () => {
      await server.close(config.http.drainTimeoutMs || DEFAULT_DRAIN_MS);
      await Promise.all(jobs.map((job) => job.stop()));
      await registry.uploads.close();
    },
  };
}

/**
 * `berth serve [config.yml]`: the registry, with its own token service where the configuration asks for none else.
 * Returns after a signal has ended it.
 * @throws ConfigError, Failure
 */
export async function serve(file: string | undefined): Promise<void> {
  const loaded = loadRegistryConfig({ file, env: process.env });
  const { config, notices } = loaded;
  const log = openLog(config.log);
  for (const notice of notices) log.warn(notice);
  const state = await openState(config.storage.rootDirectory);
  try {
    const urls = externalUrl({
      host: config.http.host,
      prefix: config.http.prefix,
      relative: config.http.relativeUrls,
      fallbackHost: config.http.addr,
    });
    const wantsAdmin = config.auth.kind === 'builtin' && config.auth.settings.users === undefined;
    const password = wantsAdmin ? passwordFromEnvironment(process.env) : undefined;
    const prepared = Promise.withResolvers<void>();
    const { server, stop } = await start({ ...loaded, state, log, urls, prepared: prepared.promise });
    // Only now, when nothing can fail any more: the password is shown once.
    const admin = wantsAdmin ? await ensureAdmin(state.index.accounts, password, CLOCK.now()) : undefined;
    prepared.resolve();
    welcome({ server, config, admin });
    await runUntilSignal(log, stop);
  } finally {
    await state.index.close();
    log.flush();
  }
}
