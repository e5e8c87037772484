import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectSecure } from 'node:tls';
import { type Endpoint, HostAway } from './connection.ts';

/** How a directory's certificate is judged. */
export interface TlsTrust {
  /** PEM; undefined: the authorities that Node knows. */
  readonly authorities: string | undefined;
  readonly isVerified: boolean;
}

/**
 * Opens a connection; with `starttls`, `startTls` asks for TLS on it first.
 * @param options.timeoutMs for all of it, TLS included
 * @throws HostAway
 */
export async function openSocket(
  endpoint: Endpoint,
  options: {
    readonly trust: TlsTrust;
    readonly timeoutMs: number;
    readonly startTls: (socket: Socket) => Promise<void>;
  },
): Promise<Socket> {
  const opened: Socket[] = [];
  const { host, port, tls } = endpoint;
  const secure: ConnectionOptions = {
    host,
    // Names only: RFC 6066 §3 has no addresses.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(options.trust.authorities === undefined ? {} : { ca: options.trust.authorities }),
    rejectUnauthorized: options.trust.isVerified,
    minVersion: 'TLSv1.2',
  };
  const opening = async (): Promise<Socket> => {
    if (tls === 'always') return opens(connectSecure({ ...secure, port }), 'secureConnect');
    const socket = await opens(connectPlain({ host, port, noDelay: true }), 'connect');
    if (tls === 'none') return socket;
    await options.startTls(socket);
    return opens(connectSecure({ ...secure, socket }), 'secureConnect');
  };
  const opens = (socket: Socket, event: 'connect' | 'secureConnect'): Promise<Socket> => {
    opened.push(socket);
    return new Promise((resolve, reject) => {
      socket.once(event, () => {
        socket.off('error', reject);
        resolve(socket);
      });
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('the directory ended the connection')));
    });
  };
  let late: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const seconds = options.timeoutMs / 1000;
    const silence = new HostAway(`no connection within ${seconds} s`, { isSilent: true });
    late = setTimeout(() => reject(silence), options.timeoutMs);
  });
  try {
    return await Promise.race([opening(), limit]);
  } catch (error) {
    for (const socket of opened) {
      socket.on('error', () => undefined);
      socket.destroy();
    }
    throw error instanceof HostAway ? error : new HostAway(reasonOf(error), { cause: error });
  } finally {
    clearTimeout(late);
  }
}

/** Where a name has several addresses, each of them has its own reason. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
