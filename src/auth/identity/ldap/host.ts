import {
  type BindAnswer,
  type Connect,
  DirectoryError,
  type Endpoint,
  type Entry,
  HostAway,
  type LdapConnection,
  type Search,
  urlOf,
} from './connection.ts';

/** Who searches: an account of Berth's own. */
export interface ServiceAccount {
  readonly name: string;
  /** Asked for before each bind, so that a changed one counts. */
  readonly password: () => string;
}

/** A connection while it is in somebody's hands. */
export interface Session {
  readonly connection: LdapConnection;
  /** Makes the service account the one that asks again, where somebody else was bound in between. */
  bindAsService(): Promise<void>;
}

export interface HostOptions {
  readonly endpoint: Endpoint;
  readonly connect: Connect;
  /** Who searches; with `accounts`, each for itself, once it is bound. */
  readonly searcher: ServiceAccount | 'nobody' | 'accounts';
  /** How long a connection stays open that nobody needs. */
  readonly idleMs: number;
}

/** One directory, and the connections to it that nobody uses at the moment. */
export class DirectoryHost {
  readonly url: string;
  readonly #options: HostOptions;
  readonly #idle: { readonly pooled: PooledConnection; readonly end: NodeJS.Timeout }[] = [];
  #isClosed = false;

  constructor(options: HostOptions) {
    this.url = urlOf(options.endpoint);
    this.#options = options;
  }

  /**
   * Does something with a connection on which the service account is bound.
   * @throws HostAway, DirectoryError, and what `action` throws
   */
  async use<T>(action: (session: Session) => Promise<T>): Promise<T> {
    const kept = this.#take();
    if (kept !== undefined) {
      try {
        return await this.#useOne(kept, action);
      } catch (error) {
        // The directory may have ended a connection that nobody used; only a new one tells whether it is there.
        if (!(error instanceof HostAway) || error.isSilent || kept.hasAnswered) throw error;
      }
    }
    return this.#useOne(new PooledConnection(await this.#options.connect(this.#options.endpoint)), action);
  }

  /** Ends what is idle, and what is given back from now on. */
  close(): void {
    this.#isClosed = true;
    for (const { pooled, end } of this.#idle.splice(0)) {
      clearTimeout(end);
      pooled.close();
    }
  }

  async #useOne<T>(pooled: PooledConnection, action: (session: Session) => Promise<T>): Promise<T> {
    const bindAsService = () => this.#bindAsService(pooled);
    try {
      await bindAsService();
      const result = await action({ connection: pooled, bindAsService });
      this.#giveBack(pooled);
      return result;
    } catch (error) {
      if (error instanceof DirectoryError) this.#giveBack(pooled);
      else pooled.close();
      throw error;
    }
  }

  async #bindAsService(pooled: PooledConnection): Promise<void> {
    const { searcher } = this.#options;
    if (pooled.boundAs === 'service' || searcher === 'accounts') return;
    if (searcher === 'nobody') {
      // Whoever was bound last must not be the one who searches for the next.
      if (pooled.boundAs === 'somebody') await pooled.bind('', '');
    } else {
      const answer = await pooled.bind(searcher.name, searcher.password());
      if (!answer.isBound) {
        throw new DirectoryError(
          `${this.url} does not let bind_dn ${JSON.stringify(searcher.name)} in: ${answer.reason}; ` +
            'see bind_dn and bind_password_file',
        );
      }
    }
    pooled.boundAs = 'service';
  }

  #take(): PooledConnection | undefined {
    for (;;) {
      const last = this.#idle.pop();
      if (last === undefined) return undefined;
      clearTimeout(last.end);
      if (last.pooled.isOpen) {
        last.pooled.hasAnswered = false;
        return last.pooled;
      }
      last.pooled.close();
    }
  }

  #giveBack(pooled: PooledConnection): void {
    if (this.#isClosed || !pooled.isOpen) {
      pooled.close();
      return;
    }
    const end = setTimeout(() => {
      const at = this.#idle.findIndex((each) => each.pooled === pooled);
      if (at >= 0) this.#idle.splice(at, 1);
      pooled.close();
    }, this.#options.idleMs);
    end.unref();
    this.#idle.push({ pooled, end });
  }
}

/** A connection that remembers who is bound on it. */
class PooledConnection implements LdapConnection {
  boundAs: 'nobody' | 'service' | 'somebody' = 'nobody';
  /** Since it was last taken out. */
  hasAnswered = false;
  readonly #inner: LdapConnection;

  constructor(inner: LdapConnection) {
    this.#inner = inner;
  }

  get isOpen(): boolean {
    return this.#inner.isOpen;
  }

  async bind(name: string, password: string): Promise<BindAnswer> {
    this.boundAs = 'somebody';
    const answer = await this.#inner.bind(name, password);
    this.hasAnswered = true;
    return answer;
  }

  async search(search: Search): Promise<readonly Entry[]> {
    const entries = await this.#inner.search(search);
    this.hasAnswered = true;
    return entries;
  }

  close(): void {
    this.#inner.close();
  }
}
