import type { Access } from '../../oci/scope.ts';

/**
 * What credentials are good for, whatever their account may do.
 * @returns those of the granted actions that stay
 */
export type AccessLimit = (wanted: Access, granted: readonly string[]) => readonly string[];

/** Somebody whose credentials were checked. */
export interface Identity {
  /** Empty for an anonymous caller. */
  readonly account: string;
  /** What is known of the account, for rules to match: groups, for example. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly isAdmin: boolean;
  /** A program's: it has nothing of its own, and may do what was granted to it. */
  readonly isRobot?: boolean;
  /** Groups of Berth's own, for roles. What a provider calls a group is a label. */
  readonly groups?: readonly string[];
  /** What proved it; a password where undefined. Only a password can be turned into a login that is kept. */
  readonly proof?: 'password' | 'token';
  /** When it ends, in milliseconds since 1970, with everything that is issued for it; undefined: not by itself. */
  readonly untilMs?: number;
  /** The id of the personal access token that proved it: with that, all that is issued for it is revoked. */
  readonly grant?: string;
  /** Narrows what rules grant; undefined: nothing does. */
  readonly limit?: AccessLimit;
}

/** What is known of an account today, for somebody who logged in before. */
export interface Standing {
  readonly identity: Identity;
  /** Another text once the account has another password; undefined where the provider ends logins itself. */
  readonly version: string | undefined;
}

/** What a client presents. */
export interface Credentials {
  readonly account: string;
  readonly password: string;
}

/**
 * A source of accounts. Its three answers are docker_auth's: the next provider is asked after `no-match` only.
 * It throws where it cannot decide, as when a directory is out of reach.
 */
export interface IdentityProvider {
  readonly name: string;
  authenticate(credentials: Credentials): Promise<Identity | 'no-match' | 'wrong-password'>;
  /** Costs what `authenticate` costs, for nothing: for a chain that was decided before this provider was asked. */
  pretend(credentials: Credentials): Promise<void>;
  /** Who a caller without credentials is; undefined where such callers are refused. */
  anonymous?(): Identity | undefined;
  /**
   * The account as it stands now, without its password; `gone` where it may not log in any more. Missing where a
   * provider cannot tell: logins to its accounts then have a short life.
   */
  lookup?(account: string): Promise<Standing | 'gone'>;
  /**
   * Who a token of a third party stands for (RFC 8693), with the answers of `authenticate`; missing where a provider
   * knows none.
   */
  exchange?(assertion: string): Promise<Identity | 'no-match' | 'wrong-password'>;
  /**
   * Resolves where what is outside of this process can be reached, with nobody's login and within a time limit of its own;
   * missing where there is nothing outside, or it can be asked for accounts alone. @throws Error that says why not
   */
  ping?(): Promise<void>;
  /** Lets go of connections and timers, once nobody is asked for any more. */
  close?(): Promise<void>;
}
