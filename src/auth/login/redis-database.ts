import { type StoredDocument, type TokenDatabase, TokenDatabaseAway } from './token-database.ts';

/** A Redis, or a cluster of them. */
export interface RedisServer {
  /** `host:port`, or the path of a socket; several for a cluster. */
  readonly addresses: readonly string[];
  readonly isCluster: boolean;
  readonly isSocket: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly tls: { readonly serverName: string | undefined; readonly isUnverified: boolean } | undefined;
  readonly connectTimeoutMs: number;
  /** Of one command. */
  readonly timeoutMs: number;
}

/** What single servers and clusters have in common, as far as it is needed. */
interface Client {
  get(key: string): Promise<string | null>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  destroy(): void;
}

/** One script each, so that nobody comes between the look and the change. */
const REPLACE = `
local found = redis.call('GET', KEYS[1])
if ARGV[1] == 'none' then
  if found then return 0 end
elseif found ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[3])
return 1`;

const REMOVE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/** docker_auth's token database in Redis: one key for each account, `t:<account>`. It connects when it is first asked. */
export class RedisTokenDatabase implements TokenDatabase {
  readonly #server: RedisServer;
  #client: Promise<Client> | undefined;

  constructor(server: RedisServer) {
    this.#server = server;
  }

  async find(account: string): Promise<StoredDocument | undefined> {
    const document = await this.#ask((client) => client.get(`t:${account}`));
    // The document is its own version: two that are alike stand for the same.
    return document === null ? undefined : { document, version: document };
  }

  async replace(
    account: string,
    document: string,
    expected: string | undefined,
  ): Promise<string | undefined> {
    const given = [expected === undefined ? 'none' : 'this', expected ?? '', document];
    const changed = await this.#ask((client) =>
      client.eval(REPLACE, { keys: [`t:${account}`], arguments: given }),
    );
    return Number(changed) === 1 ? document : undefined;
  }

  async remove(account: string, expected: string): Promise<boolean> {
    const removed = await this.#ask((client) =>
      client.eval(REMOVE, { keys: [`t:${account}`], arguments: [expected] }),
    );
    return Number(removed) === 1;
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    client?.destroy();
  }

  async #ask<T>(question: (client: Client) => Promise<T>): Promise<T> {
    const { timeoutMs, addresses } = this.#server;
    let timer: NodeJS.Timeout | undefined;
    try {
      const client = await this.#connected();
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      });
      return await Promise.race([question(client), late]);
    } catch (error) {
      // Begins anew at the next question, whatever state the connection is in.
      await this.close();
      throw new TokenDatabaseAway(addresses.join(', '), error);
    } finally {
      clearTimeout(timer);
    }
  }

  #connected(): Promise<Client> {
    this.#client ??= connect(this.#server, () => {
      this.#client = undefined;
    });
    return this.#client;
  }
}

/** @param lost called once the connection is gone */
async function connect(server: RedisServer, lost: () => void): Promise<Client> {
  const { createClient, createCluster } = await import('@redis/client');
  const { addresses, username, password, database, tls, connectTimeoutMs } = server;
  const encrypted = tls && {
    tls: true as const,
    rejectUnauthorized: !tls.isUnverified,
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
  };
  const credentials = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
  if (server.isCluster) {
    const cluster = createCluster({
      rootNodes: addresses.map((address) => ({ url: `${tls ? 'rediss' : 'redis'}://${address}` })),
      defaults: {
        ...credentials,
        socket: { connectTimeout: connectTimeoutMs, reconnectStrategy: false, ...encrypted },
      },
    });
    cluster.on('error', lost);
    await cluster.connect();
    return cluster as unknown as Client;
  }
  const [address = ''] = addresses;
  const at = address.lastIndexOf(':');
  const place = server.isSocket
    ? { path: address }
    : { host: address.slice(0, at).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(at + 1)) };
  const client = createClient({
    ...credentials,
    database,
    // Whoever waits is told at once, and the next question connects anew.
    disableOfflineQueue: true,
    socket: { ...place, connectTimeout: connectTimeoutMs, reconnectStrategy: false, ...encrypted } as never,
  });
  client.on('error', lost);
  await client.connect();
  return client as unknown as Client;
}
