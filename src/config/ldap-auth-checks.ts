import { placeholdersOf } from '../auth/identity/ldap/filter.ts';
import type { Decoding } from './decoding.ts';
import type { LdapAuthSettings } from './ldap-auth-settings.ts';
import { type ConfigNode, formatPath } from './node.ts';
import { placeOfKey } from './types-section.ts';

/** Who searches, and for whom: what docker_auth finds out at the first login, or never. */
export function checkWho(settings: LdapAuthSettings, at: Decoding, node: ConfigNode): void {
  const { bindDn, bindPasswordFile, initialBindAsUser, filter } = settings;
  const name = (key: string) => `"${formatPath([...at.path, key])}"`;
  const report = (key: string, message: string) =>
    at.report(`${name(key)} ${message}`, placeOfKey(node, key, at));
  if (!placeholdersOf(filter).has('account')) {
    report('filter', `has no \${account}: it would find the same entry for every account`);
  }
  if (initialBindAsUser) {
    if (bindDn?.includes(`\${account}`) !== true) {
      report(
        'bind_dn',
        `needs \${account} with initial_bind_as_user: it is the name that an account binds with`,
      );
    }
    if (bindPasswordFile !== undefined) {
      at.notice(
        `${name('bind_password_file')} is not read: with initial_bind_as_user accounts bind with their own passwords`,
        placeOfKey(node, 'bind_password_file', at),
      );
    }
    return;
  }
  if (bindDn?.includes(`\${account}`) === true) {
    report('bind_dn', `has \${account}, which is for initial_bind_as_user: true`);
  } else if (bindDn !== undefined && bindPasswordFile === undefined) {
    report('bind_dn', 'needs bind_password_file, the file with its password');
  }
  if (bindDn === undefined && bindPasswordFile !== undefined) {
    report('bind_password_file', 'needs bind_dn, whose password it holds');
  }
}

/** Whether passwords can be read, or taken, on their way to the directory. */
export function checkTransport(settings: LdapAuthSettings, at: Decoding, node: ConfigNode): void {
  const plain = settings.addresses.filter(({ tls }) => tls === 'none').map(({ host }) => host);
  if (plain.length > 0) {
    at.notice(
      `passwords go to ${plain.join(', ')} unencrypted; write tls: starttls, or ldaps:// in front of the address`,
      placeOfKey(node, 'addr', at),
    );
  }
  if (!settings.isVerified && plain.length < settings.addresses.length) {
    at.notice(
      'insecure_tls_skip_verify: whoever answers in place of the directory is given the passwords; name its ' +
        'authority in ca_certificate instead',
      placeOfKey(node, 'insecure_tls_skip_verify', at),
    );
  }
}
