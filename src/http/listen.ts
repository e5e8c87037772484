import { stat, unlink } from 'node:fs/promises';
import type { AddressInfo, Server } from 'node:net';

const { connect } = process.getBuiltinModule('node:net');

/** Where a server listens. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string | undefined; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  /** A socket that listens already, handed over by whoever started the program. */
  | { readonly kind: 'inherited'; readonly fd: number };

/** Where a server does listen. */
export type BoundAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/**
 * Starts to listen. The file of a socket that nobody listens on any more is replaced; its mode follows the umask, as
 * with registry:2.
 * @throws the system's error, such as EADDRINUSE
 */
export async function listen(server: Server, address: ListenAddress): Promise<BoundAddress> {
  if (address.kind === 'unix') await removeStaleSocket(address.path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const done = (): void => {
      server.off('error', reject);
      resolve();
    };
    if (address.kind === 'unix') server.listen(address.path, done);
    else if (address.kind === 'inherited') server.listen({ fd: address.fd }, done);
    else
      server.listen({ port: address.port, ...(address.host !== undefined && { host: address.host }) }, done);
  });
  const bound = server.address() as AddressInfo | string | null;
  if (bound === null || typeof bound === 'string') return { path: bound ?? '' };
  return { host: bound.address, port: bound.port };
}

/** registry:2 removes any socket, and so takes the place of a program that still listens. */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error('there is a file that is no socket');
  const isLive = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
  if (!isLive) await unlink(path);
}
