import {
  type BindAnswer,
  type Connect,
  type Endpoint,
  type Entry,
  HostAway,
  type LdapConnection,
  type Search,
} from '../../src/auth/identity/ldap/connection.ts';

/** A directory in memory, whose connections can be broken; it keeps what it was asked. */
export class FakeDirectory {
  /** `connect`, `bind NAME`, `search BASE`, `close`, in their order. */
  readonly asked: string[] = [];
  readonly searches: Search[] = [];
  readonly endpoint: Endpoint;
  /** Answers of a search, by what it finds in the filter. */
  find: (search: Search) => readonly Entry[] = () => [];
  passwords: Record<string, string> = {};
  /** Why nobody can connect; undefined: everybody can. */
  away: string | undefined;
  /** What the next question is answered with. */
  nextFault: Error | undefined;
  /** Waited for by each question. */
  pace: () => Promise<void> = async () => undefined;
  open = 0;
  mostOpen = 0;
  readonly #connections = new Set<{ isOpen: boolean }>();

  constructor(host = 'ldap.example.com') {
    this.endpoint = { host, port: 389, tls: 'none' };
  }

  readonly connect: Connect = async () => {
    this.asked.push('connect');
    if (this.away !== undefined) throw new HostAway(this.away);
    const state = { isOpen: true };
    this.#connections.add(state);
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    const answer = async () => {
      await this.pace();
      const fault = this.nextFault;
      this.nextFault = undefined;
      if (!state.isOpen || this.away !== undefined)
        throw new HostAway(this.away ?? 'the connection is closed');
      if (fault !== undefined) throw fault;
    };
    const connection: LdapConnection = {
      get isOpen() {
        return state.isOpen;
      },
      bind: async (name, password): Promise<BindAnswer> => {
        this.asked.push(`bind ${name}`);
        await answer();
        if (name === '' && password === '') return { isBound: true };
        if (password === '') throw new Error('a bind without a password');
        return this.passwords[name] === password
          ? { isBound: true }
          : { isBound: false, reason: 'invalidCredentials' };
      },
      search: async (search) => {
        this.asked.push(`search ${search.base}`);
        this.searches.push(search);
        await answer();
        return this.find(search);
      },
      close: () => {
        if (!state.isOpen) return;
        this.asked.push('close');
        state.isOpen = false;
        this.open -= 1;
      },
    };
    return connection;
  };

  /** Ends all connections from the directory's side. */
  drop(): void {
    for (const state of this.#connections) {
      if (state.isOpen) this.open -= 1;
      state.isOpen = false;
    }
  }

  /** What it was asked since the last time. */
  take(): readonly string[] {
    return this.asked.splice(0);
  }
}

/** An entry with these attributes. */
export function entry(dn: string, attributes: Readonly<Record<string, readonly string[]>> = {}): Entry {
  return { dn, attributes: new Map(Object.entries(attributes)) };
}
