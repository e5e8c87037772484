import { noEffect, optional, required, type Type, withDefault } from './schema.ts';
import type { Secret } from './secret.ts';
import { anything, bool, duration, int, nonEmptyText, oneOf, secretText } from './types-scalar.ts';
import { list, placeOfKey, refine, section } from './types-section.ts';

/** Where a Redis is. */
export interface RedisSettings {
  readonly kind: 'redis';
  readonly addresses: readonly string[];
  readonly isCluster: boolean;
  readonly isSocket: boolean;
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly database: number;
  readonly tls: { readonly serverName: string | undefined; readonly isUnverified: boolean } | undefined;
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
}

const CONNECTION = 'one connection is kept, and a failed question is asked again at the next login';

const common = {
  username: optional(nonEmptyText, 'For servers with ACLs.'),
  password: optional(secretText, 'Password of the server.'),
  dialtimeout: withDefault(duration, 'How long connecting may take.', 5_000, '5s'),
  readtimeout: withDefault(duration, 'How long one command may take.', 3_000, '3s'),
  tlsconfig: optional(
    section({
      servername: optional(
        nonEmptyText,
        'Name in the certificate, where it is another than that of the address.',
      ),
      insecureskipverify: withDefault(bool, 'Accept any certificate.', false),
    }),
    'TLS; without it there is none. `{}` takes the defaults.',
  ),
  ...Object.fromEntries(
    [
      ...['writetimeout', 'maxretries', 'minretrybackoff', 'maxretrybackoff', 'poolsize', 'minidleconns'],
      ...['maxconnage', 'pooltimeout', 'idletimeout', 'idlecheckfrequency'],
    ].map((name) => [name, noEffect(anything, CONNECTION)]),
  ),
};

const ADDRESS = /^(?:\[[0-9a-fA-F:]+\]|[^:\s/]+):\d{1,5}$/;

const options = section({
  network: withDefault(oneOf(['tcp', 'unix']), 'Kind of address.', 'tcp'),
  addr: withDefault(nonEmptyText, '`host:port`, or the path of a socket.', 'localhost:6379'),
  db: withDefault(int({ min: 0 }), 'Number of the database.', 0),
  ...common,
});

const clusterOptions = section({
  addrs: required(list(nonEmptyText), '`host:port` of some of the nodes.'),
  ...common,
  ...Object.fromEntries(
    ['maxredirects', 'readonly', 'routebylatency', 'routerandomly'].map((name) => [
      name,
      noEffect(anything, 'the node that has a key is asked'),
    ]),
  ),
});

/** docker_auth's `redis_token_db`, with the fields of go-redis in lower case. */
export const redisTokenDb: Type<RedisSettings> = refine(
  section({
    redis_options: optional(options, 'One server.'),
    redis_cluster_options: optional(clusterOptions, 'A cluster; comes before `redis_options`.'),
    token_hash_cost: noEffect(
      int({ min: 0 }),
      'docker_auth does not read it either; passwords are random and need no slow hash',
    ),
  }),
  (value, at, node): RedisSettings | undefined => {
    const { redis_options: one, redis_cluster_options: cluster } = value;
    const chosen = cluster ?? one;
    if (chosen === undefined) {
      at.report(`${at.name} has no server; write redis_options: {addr: "localhost:6379"}`);
      return undefined;
    }
    if (cluster !== undefined && one !== undefined) {
      at.notice(
        `${at.name}: redis_cluster_options are taken, and redis_options are not`,
        placeOfKey(node, 'redis_options', at),
      );
    }
    const isSocket = cluster === undefined && one?.network === 'unix';
    const addresses = cluster?.addrs ?? [one?.addr ?? ''];
    const wrong = isSocket ? undefined : addresses.find((address) => !ADDRESS.test(address));
    if (wrong !== undefined) at.report(`${at.name}: ${JSON.stringify(wrong)} is no host:port`);
    const { username, password, dialtimeout, readtimeout, tlsconfig: tls } = chosen;
    return {
      kind: 'redis',
      ...{ addresses, isSocket, username, password, isCluster: cluster !== undefined },
      database: cluster === undefined ? (one?.db ?? 0) : 0,
      tls: tls && { serverName: tls.servername, isUnverified: tls.insecureskipverify },
      connectTimeoutMs: dialtimeout,
      timeoutMs: readtimeout,
    };
  },
);
