import { Unreachable } from '../../unreachable.ts';
import type { Filter } from './filter.ts';

/** What a directory has at one name. */
export interface Entry {
  readonly dn: string;
  /** Values by the attribute's name in lower case. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

/** A question below `base`, at any depth. */
export interface Search {
  readonly base: string;
  readonly filter: Filter<string>;
  readonly attributes: readonly string[];
  /**
   * That there are more entries suffices to know: one more than so many is the most that comes. Undefined: all of them,
   * and an error where the directory does not give all.
   */
  readonly enough: number | undefined;
}

/** What came of a bind. */
export type BindAnswer = { readonly isBound: true } | { readonly isBound: false; readonly reason: string };

/** One connection to one directory, for one user at a time. It is never opened again once it is closed. */
export interface LdapConnection {
  readonly isOpen: boolean;
  /**
   * Says who is asking from now on. The password must not be empty: directories take that for nobody.
   * @throws HostAway, DirectoryError
   */
  bind(name: string, password: string): Promise<BindAnswer>;
  /** @throws HostAway, DirectoryError */
  search(search: Search): Promise<readonly Entry[]>;
  close(): void;
}

/** A directory is out of reach, or so busy that another one should be asked. */
export class HostAway extends Unreachable {
  /** It was waited for, in vain. */
  readonly isSilent: boolean;

  constructor(reason: string, options?: ErrorOptions & { readonly isSilent?: boolean }) {
    super(reason, options);
    this.name = 'HostAway';
    this.isSilent = options?.isSilent ?? false;
  }
}

/** A directory answered, and refuses, or what it says cannot be used; another one would say the same. */
export class DirectoryError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'DirectoryError';
  }
}

/** How a directory is reached. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** `starttls`: TLS from the second message on (RFC 4511 §4.14). */
  readonly tls: 'none' | 'always' | 'starttls';
}

/** `ldaps://ldap.example.com:636`, for messages. */
export function urlOf({ host, port, tls }: Endpoint): string {
  return `${tls === 'always' ? 'ldaps' : 'ldap'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * Opens connections to one directory.
 * @throws HostAway
 */
export type Connect = (endpoint: Endpoint) => Promise<LdapConnection>;
