import { Unreachable } from '../unreachable.ts';
/** A document as a token database holds it. */
export interface StoredDocument {
  readonly document: string;
  /** Opaque; another one after each change. */
  readonly version: string;
}

/**
 * Where logins by a browser are kept: docker_auth's token database. One document for each account. Several processes
 * may share a database; none loses what another wrote. Throws where the database is out of reach.
 */
export interface TokenDatabase {
  find(account: string): Promise<StoredDocument | undefined>;
  /**
   * Durable once it returns, as far as the database is.
   * @param expected the version that is to be replaced; undefined: there is none yet
   * @returns the new version; undefined where somebody else was first, and nothing was changed
   */
  replace(account: string, document: string, expected: string | undefined): Promise<string | undefined>;
  /** @returns false where there is no such version */
  remove(account: string, expected: string): Promise<boolean>;
  /** Lets go of connections. */
  close?(): Promise<void>;
}

/** A token database cannot be asked. The message has no secret in it. */
export class TokenDatabaseAway extends Unreachable {
  /** @param where its address, for the operator */
  constructor(where: string, cause: unknown) {
    super(`the token database ${where} cannot be asked: ${reasonOf(cause)}`);
    this.name = 'TokenDatabaseAway';
  }
}

/** Node puts what happened to a connection into the cause, and into the code where there is no message. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.message === 'fetch failed' && cause.cause !== undefined) return reasonOf(cause.cause);
  const code = Reflect.get(cause, 'code');
  return cause.message !== '' ? cause.message : String(code ?? cause.name);
}
