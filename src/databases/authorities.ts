import { getCACertificates } from 'node:tls';

let known: readonly string[] | undefined;

/** PEM of the authorities that this machine trusts, Node's own and the system's, which Go uses. */
export function machineAuthorities(): string[] {
  known ??= [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
  return [...known];
}
