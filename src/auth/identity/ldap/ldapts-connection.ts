import type { Socket } from 'node:net';
import type { Client, ResultCodeError } from 'ldapts';
import {
  type BindAnswer,
  type Connect,
  DirectoryError,
  type Endpoint,
  type Entry,
  HostAway,
  type LdapConnection,
  type Search,
} from './connection.ts';
import { filterFor } from './ldapts-filter.ts';
import { openSocket, type TlsTrust } from './open-socket.ts';
import { isBusy, isRefusedLogin, wordsOf } from './result-codes.ts';

type Ldapts = typeof import('ldapts');

const START_TLS = '1.3.6.1.4.1.1466.20037';

export interface LdaptsOptions {
  /** Asked for at each connection, so that changed files count. */
  readonly trust: () => TlsTrust;
  readonly connectTimeoutMs: number;
  /** For each question; then the connection is given up. */
  readonly operationTimeoutMs: number;
}

/** Opens connections by way of the package `ldapts`, which is loaded with the first one. */
export function ldaptsConnect(options: LdaptsOptions): Connect {
  return async (endpoint: Endpoint) => {
    const ldapts = await import('ldapts');
    const clientOn = (socket: Socket) => clientOf(ldapts, socket, options.operationTimeoutMs);
    const socket = await openSocket(endpoint, {
      trust: options.trust(),
      timeoutMs: options.connectTimeoutMs,
      startTls: async (plain) => {
        try {
          await clientOn(plain).exop(START_TLS);
        } catch (error) {
          throw faultOf(ldapts, error, 'StartTLS');
        } finally {
          // The client that was told unencrypted answers is done with: what else it received, it keeps for itself.
          plain.removeAllListeners('data');
        }
      },
    });
    return new LdaptsConnection(ldapts, socket, clientOn(socket), options);
  };
}

/** A client for this socket alone. By itself it would connect anew, without TLS and with nobody bound. */
function clientOf({ Client }: Ldapts, socket: Socket, timeoutMs: number): Client {
  let isUsed = false;
  return new Client({
    url: 'ldap://socket.invalid',
    timeout: timeoutMs,
    createConnection: () => {
      if (isUsed || socket.destroyed) throw new Error('the directory ended the connection');
      isUsed = true;
      return socket;
    },
  });
}

class LdaptsConnection implements LdapConnection {
  readonly #ldapts: Ldapts;
  readonly #socket: Socket;
  readonly #client: Client;
  readonly #options: LdaptsOptions;

  constructor(ldapts: Ldapts, socket: Socket, client: Client, options: LdaptsOptions) {
    this.#ldapts = ldapts;
    this.#socket = socket;
    this.#client = client;
    this.#options = options;
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.readyState === 'open';
  }

  async bind(name: string, password: string): Promise<BindAnswer> {
    try {
      // As a text, `EXTERNAL` and the like would be taken for a way of logging in that asks for no password.
      const literal = Object.assign(new this.#ldapts.DN(), { toString: () => name });
      await this.#client.bind(literal, password);
      return { isBound: true };
    } catch (error) {
      if (error instanceof this.#ldapts.ResultCodeError && isRefusedLogin(error.code)) {
        return { isBound: false, reason: reasonOf(error) };
      }
      throw faultOf(this.#ldapts, error, 'a bind');
    }
  }

  async search({ base, filter, attributes, enough }: Search): Promise<readonly Entry[]> {
    try {
      const { searchEntries } = await this.#client.search(base, {
        scope: 'sub',
        filter: filterFor(this.#ldapts, filter),
        attributes: [...attributes],
        timeLimit: Math.ceil(this.#options.operationTimeoutMs / 1000),
        // With a limit of the client's, the package passes over one of the directory's.
        ...(enough === undefined ? {} : { sizeLimit: enough + 1 }),
      });
      return searchEntries.map(({ dn, ...rest }) => ({
        dn,
        attributes: new Map(
          Object.entries(rest).map(([name, values]) => [
            name.toLowerCase(),
            [values].flat().map((value) => value.toString('utf8')),
          ]),
        ),
      }));
    } catch (error) {
      throw faultOf(this.#ldapts, error, `a search below ${JSON.stringify(base)}`);
    }
  }

  close(): void {
    this.#client.unbind().catch(() => undefined);
    this.#socket.destroy();
  }
}

function reasonOf(error: ResultCodeError): string {
  return wordsOf(error.code, error.message.replace(/ Code: 0x[0-9a-f]+$/, ''));
}

function faultOf(ldapts: Ldapts, error: unknown, what: string): Error {
  if (error instanceof ldapts.ResultCodeError) {
    const reason = `${what} was answered with ${reasonOf(error)}`;
    return isBusy(error.code)
      ? new HostAway(reason, { cause: error })
      : new DirectoryError(reason, { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  const isSilent = message.endsWith('Operation timed out');
  const reason = isSilent ? `no answer to ${what}` : message.replaceAll(/\s+/g, ' ');
  return new HostAway(reason, { cause: error, isSilent });
}
