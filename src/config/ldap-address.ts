/** How a directory is spoken to. */
export type LdapTls = 'none' | 'always' | 'starttls';

/** A directory, as `ldap_auth.addr` names it. */
export interface LdapAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: LdapTls;
}

const PARTS = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^:[\]/@?#\s]+))(?::([0-9]{1,5}))?$/;

/**
 * `host:port` as in docker_auth, or a URL, `ldap://host` or `ldaps://host:port`.
 * @param tls as written; undefined: TLS with `ldaps` and, as in docker_auth, with port 636
 * @returns a clause that says what is wrong with it, where something is
 */
export function parseLdapAddress(
  text: string,
  tls: LdapTls | undefined,
): LdapAddress | { readonly wrong: string } {
  const [, scheme, rest = ''] = /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/)?(.*)$/s.exec(text) ?? [];
  const contradiction = contradictionOf(scheme?.toLowerCase(), tls);
  if (contradiction !== undefined) return { wrong: contradiction };
  const match = PARTS.exec(scheme === undefined ? rest : rest.replace(/\/$/, ''));
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) return { wrong: whyNoAddress(rest) };
  const written = match?.[3] === undefined ? undefined : Number(match[3]);
  if (written !== undefined && (written < 1 || written > 65_535)) {
    return { wrong: `has no valid port: ${written} is not a number from 1 to 65535` };
  }
  const byPort = scheme === undefined && written === 636 ? 'always' : 'none';
  const chosen = scheme?.toLowerCase() === 'ldaps' ? 'always' : (tls ?? byPort);
  return { host, port: written ?? (chosen === 'always' ? 636 : 389), tls: chosen };
}

function contradictionOf(scheme: string | undefined, tls: LdapTls | undefined): string | undefined {
  if (scheme === undefined) return undefined;
  if (scheme !== 'ldap' && scheme !== 'ldaps') {
    return `begins with ${scheme}://; there are ldap:// and ldaps://`;
  }
  if (scheme === 'ldaps' && tls !== undefined && tls !== 'always') {
    return `says ldaps, and tls says ${tls}; remove tls, or write ldap://`;
  }
  if (scheme === 'ldap' && tls === 'always') return 'says ldap, and tls says always; write ldaps://';
  return undefined;
}

/** What is in it is not repeated where it may be a password. */
function whyNoAddress(text: string): string {
  if (text === '') return 'names no host';
  if (text.includes('@')) return 'has a user; that is bind_dn, and its password bind_password_file';
  if (/[/?]/.test(text)) return 'has more than host and port; base and filter have keys of their own';
  if (text.split(':').length > 2)
    return 'is not host:port; an IPv6 address needs brackets, as in "[::1]:389"';
  return 'is not host:port, ldap://host or ldaps://host';
}
