import type { ListenAddress } from '../http/listen.ts';
import { Failure } from './failure.ts';

/** sd_listen_fds(3): the first file descriptor that systemd hands over. */
const FIRST_FD = 3;

/**
 * The socket that systemd has opened for this process, in place of the configured address, as with registry:3.
 * @throws Failure where there are several
 */
export function inheritedSocket(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): ListenAddress | undefined {
  if (env['LISTEN_PID'] !== String(pid)) return undefined;
  const count = Number(env['LISTEN_FDS'] ?? 0);
  if (count > 1)
    throw new Failure(`systemd handed over ${count} sockets; the unit must have one ListenStream=`);
  return count === 1 ? { kind: 'inherited', fd: FIRST_FD } : undefined;
}
