import type { ConfigDocument } from '../config/document.ts';
import type { Path } from '../config/node.ts';
import type { TlsSettings } from '../config/tls-settings.ts';
import { type RunningServer, type ServerOptions, startServer } from '../http/server.ts';
import type { CertificatesByName } from '../http/tls-server.ts';
import type { Clock } from '../ports.ts';
import { reasonOf } from './failure.ts';
import { CLIENT_CERTIFICATES, readTls, type TlsSource, tlsFiles } from './tls.ts';
import { watchFiles } from './watched-files.ts';

export interface ListenerOptions extends Omit<ServerOptions, 'tls'> {
  readonly document: ConfigDocument;
  /** Where TLS is configured, such as `http.tls`. */
  readonly section: Path;
  readonly tls: TlsSettings | undefined;
  readonly clock: Clock;
}

/** A server whose TLS can be set up anew. */
export interface Listener extends RunningServer {
  /**
   * Other files, versions and suites for handshakes from now on; their changes are noticed, too. Does nothing where
   * certificates come by ACME or TLS is not spoken.
   * @throws ConfigError; everything then stays as it is
   */
  useTls(source: TlsSource): void;
}

/**
 * Starts a server whose certificates stay up to date for as long as it runs: files are read again when they change,
 * and what ACME gives is renewed.
 * @throws ConfigError, or the system's error where it cannot listen
 */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { document, section, tls: settings, log } = options;
  if (settings === undefined) {
    return { ...(await startServer({ ...options, tls: undefined })), useTls: () => undefined };
  }
  let source: TlsSource = { document, section, settings };
  const keeper = await keeperOf(source, options);
  let files = tlsFiles(source);
  let server: RunningServer | undefined;
  // Before the files are read, so that no change is missed.
  const watch = await watchFiles({
    files: () => files,
    what: 'TLS certificates',
    log,
    reload: () => server?.renewTls(readTls(source)),
  });
  try {
    const running = await startServer({
      ...options,
      tls: {
        material: readTls(source),
        clients: settings.clients && CLIENT_CERTIFICATES[settings.clients.auth],
        byName: keeper,
      },
    });
    server = running;
    keeper?.start();
    return {
      ...running,
      useTls(next) {
        if (next.settings.certificate.kind !== 'files') return;
        running.renewTls(readTls(next));
        source = next;
        if (tlsFiles(next).join('\n') !== files.join('\n')) files = tlsFiles(next);
      },
      async close(drainMs) {
        watch.stop();
        await Promise.all([running.close(drainMs), keeper?.stop()]);
      },
    };
  } catch (error) {
    watch.stop();
    throw error;
  }
}

interface Keeper extends CertificatesByName {
  start(): void;
  stop(): Promise<void>;
}

async function keeperOf(source: TlsSource, { log, clock }: ListenerOptions): Promise<Keeper | undefined> {
  const { certificate } = source.settings;
  if (certificate.kind === 'files') return undefined;
  const { CertificateKeeper } = await import('../acme/keeper.ts');
  const { openCertificateCache } = await import('../acme/cache.ts');
  const folder = certificate.cacheFolder;
  try {
    const keeper = new CertificateKeeper({
      ...certificate,
      cache: await openCertificateCache(folder),
      log,
      clock,
    });
    await keeper.load();
    return keeper;
  } catch (error) {
    const section = [...source.section, 'letsencrypt'];
    // docker_auth calls it otherwise.
    const key = source.document.isWritten([...section, 'cache_dir']) ? 'cache_dir' : 'cachefile';
    throw source.document.errorAt(
      [...section, key],
      `cannot keep certificates in the folder ${folder}: ${reasonOf(error)}`,
    );
  }
}
