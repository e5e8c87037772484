import type { Filter, Template } from '../auth/identity/ldap/filter.ts';
import type { GroupSearch } from '../auth/identity/ldap/groups.ts';
import type { LabelSource } from '../auth/identity/ldap/labels.ts';
import type { LdapAddress } from './ldap-address.ts';

/** `ldap_auth`. Files are as written, relative to the working directory. */
export interface LdapAuthSettings {
  /** In the order in which they are asked. */
  readonly addresses: readonly LdapAddress[];
  readonly isVerified: boolean;
  readonly caCertificate: string | undefined;
  /** With `${account}` where accounts bind first; undefined: searches are anonymous. */
  readonly bindDn: string | undefined;
  readonly bindPasswordFile: string | undefined;
  readonly initialBindAsUser: boolean;
  readonly base: string;
  readonly filter: Filter<Template>;
  readonly labels: ReadonlyMap<string, LabelSource>;
  readonly groups: GroupSearch | undefined;
  readonly maxConnections: number;
  readonly idleMs: number;
  readonly connectTimeoutMs: number;
  readonly operationTimeoutMs: number;
}
