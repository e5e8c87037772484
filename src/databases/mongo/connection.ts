import type { Collection, Document, MongoClient, MongoClientOptions } from 'mongodb';
import { Unreachable } from '../../auth/unreachable.ts';
import type { DialInfo } from '../../config/mongo-schema.ts';
import { machineAuthorities } from '../authorities.ts';
import { reasonOf } from '../reason.ts';
import { TookTooLong, within } from '../within.ts';

const FAIL_FAST_MS = 1_000;
const CONNECTIONS = 10;
/** What the driver calls a server that is away, slow, or does not let us in. */
const AWAY =
  /^Mongo(Network|ServerSelection|TopologyClosed|NotConnected|PoolCleared|WaitQueue|OperationTimeout)|Timeout/;
const NOT_AUTHENTICATED = [13, 18];

/** A collection of MongoDB, connected when it is first asked. */
export interface MongoCollection {
  /** For the operator: `mongo at a:27017, b:27017`. */
  readonly place: string;
  readonly name: string;
  /**
   * Asks it, with a time limit.
   * @throws Unreachable where it cannot be asked; Error that names it
   */
  ask<T>(question: (collection: Collection<Document>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** @param password read from its file already; undefined: nobody logs in there */
export function mongoCollection(
  dialInfo: DialInfo,
  name: string,
  password: string | undefined,
): MongoCollection {
  const place = `mongo at ${dialInfo.addresses.join(', ')}`;
  let client: Promise<MongoClient> | undefined;
  const open = async (): Promise<MongoClient> => {
    const { MongoClient } = await import('mongodb');
    const opened = new MongoClient(
      `mongodb://${dialInfo.addresses.join(',')}/`,
      optionsOf(dialInfo, password),
    );
    try {
      // From here on it finds its servers again by itself, but it does not get over a failure to begin with.
      return await opened.connect();
    } catch (error) {
      client = undefined;
      await opened.close();
      throw error;
    }
  };
  return {
    place,
    name,
    async ask(question) {
      client ??= open();
      try {
        const opened = await client;
        const collection = opened.db(dialInfo.database).collection<Document>(name);
        return await within(dialInfo.timeoutMs, question(collection));
      } catch (error) {
        if (isAway(error)) throw new Unreachable(`${place} cannot be reached: ${reasonOf(error)}`);
        throw new Error(`${place} refuses a question: ${reasonOf(error)}`);
      }
    },
    async close() {
      await (await client?.catch(() => undefined))?.close();
    },
  };
}

function isAway(error: unknown): boolean {
  if (error instanceof TookTooLong) return true;
  if (!(error instanceof Error)) return false;
  return AWAY.test(error.name) || ('code' in error && NOT_AUTHENTICATED.includes(Number(error.code)));
}

function optionsOf(dialInfo: DialInfo, password: string | undefined): MongoClientOptions {
  const { timeoutMs, username, mechanism } = dialInfo;
  return {
    ...(username !== undefined && {
      auth: { username, password: password ?? '' },
      authSource: mechanism === 'PLAIN' ? '$external' : dialInfo.source,
      ...(mechanism !== undefined && { authMechanism: mechanism }),
    }),
    ...(dialInfo.tls && { tls: true, ca: machineAuthorities().join('\n') }),
    directConnection: dialInfo.direct,
    serverSelectionTimeoutMS: dialInfo.failFast ? Math.min(FAIL_FAST_MS, timeoutMs) : timeoutMs,
    connectTimeoutMS: timeoutMs,
    socketTimeoutMS: timeoutMs,
    waitQueueTimeoutMS: timeoutMs,
    maxPoolSize: CONNECTIONS,
    appName: 'berth',
  };
}
