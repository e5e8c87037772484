import { OWN_NAMESPACE } from '../../auth/authorizer.ts';
import { PasswordChecker } from '../../auth/identity/password-checker.ts';
import { TokenIssuer } from '../../auth/token/issue.ts';
import { TokenService } from '../../auth/token-service.ts';
import { DEFAULT_CIPHERS } from '../../config/cipher-suites.ts';
import { loadAuthConfig } from '../../config/docker-auth.ts';
import { createApp } from '../../http/app.ts';
import { liveEndpoint } from '../../http/health.ts';
import { DEFAULT_TRUSTED, TrustedProxies } from '../../http/trusted-proxies.ts';
import { openAccessLog } from '../../observe/access-log.ts';
import { openLog } from '../../observe/log.ts';
import { type Clock, NO_METRICS } from '../../ports.ts';
import { wireBackends } from '../backends/backends.ts';
import { cannotListen } from '../failure.ts';
import { openListener } from '../listener.ts';
import { ownAccountParts } from '../own-accounts.ts';
import { untilSignal } from '../process.ts';
import { openState } from '../state.ts';
import { commonEndpoints, tokenEndpoints } from '../token-endpoints.ts';
import { signingKeyFrom } from '../token-parts.ts';
import { clientAddress } from '../welcome.ts';

const CLOCK: Clock = { now: Date.now };
const DRAIN_MS = 5_000;

/**
 * `berth auth auth.yml`: the token service alone, configured as docker_auth. Returns after a signal has ended it.
 * @param verbosity docker_auth's `--v`: from 2 on, what was refused and why is logged too
 * @throws ConfigError, Failure
 */
export async function auth(file: string, verbosity: number): Promise<void> {
  const { config, notices, document } = loadAuthConfig(file);
  const logOptions = { level: verbosity >= 2 ? 'debug' : 'info', formatter: 'text', fields: {} } as const;
  const log = openLog(logOptions);
  const accessLog = openAccessLog(logOptions, log.out);
  for (const notice of notices) log.warn(notice);
  const { server: settings, token } = config;
  const key = await signingKeyFrom(document, token, token);
  const state = config.data === undefined ? undefined : await openState(config.data);
  const index = state?.index;
  const passwords = new PasswordChecker(CLOCK);
  const backends = await wireBackends(config, {
    ...{ document, log, clock: CLOCK, index, passwords, metrics: NO_METRICS },
  });
  const own = index && ownAccountParts(index, { passwords, clock: CLOCK, log }, backends.authorizers);
  const service = new TokenService({
    providers: own === undefined ? backends.providers : [...backends.providers, own.provider],
    authorizers:
      own?.authorizers ?? (backends.authorizers.length === 0 ? [OWN_NAMESPACE] : backends.authorizers),
    complete: own?.complete,
    revocations: index?.revocations,
    issuer: new TokenIssuer({
      issuer: token.issuer,
      key,
      lifetimeSeconds: token.expirationSeconds,
      clock: CLOCK,
    }),
  });
  const app = createApp({
    log,
    clock: CLOCK,
    accessLog,
    metrics: undefined,
    proxies: new TrustedProxies(DEFAULT_TRUSTED, log),
    isUnhealthy: () => false,
    prefix: settings.pathPrefix,
    headers: {},
    v2: undefined,
    endpoints: new Map([
      ...commonEndpoints(token.issuer),
      ['/readyz', liveEndpoint()],
      ...tokenEndpoints(service, [key], token.issuer),
      ...backends.endpoints,
    ]),
  });
  const server = await openListener({
    app,
    log,
    clock: CLOCK,
    address: settings.listen,
    document,
    section: ['server'],
    tls: settings.tls && {
      certificate: { kind: 'files', ...settings.tls },
      clients: undefined,
      minVersion: settings.tlsMinVersion ?? 'TLSv1.2',
      ciphers: DEFAULT_CIPHERS,
    },
  }).catch((error: unknown) => {
    throw cannotListen(settings.addr, `server.addr in ${file}`, error);
  });
  const scheme = settings.tls === undefined ? 'http' : 'https';
  const address = clientAddress(server.address);
  process.stdout.write(
    `Berth issues tokens as "${token.issuer}" at ${scheme}://${address}${settings.pathPrefix}/auth\n`,
  );
  await untilSignal(log);
  await server.close(DRAIN_MS);
  await own?.close();
  await backends.close();
  await index?.close();
  accessLog.flush();
  log.flush();
}
