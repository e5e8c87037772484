import type { LoginIndex, LoginRecord } from '../../index/logins.ts';
import type { Clock, Logger } from '../../ports.ts';
import type { Identity } from '../identity/provider.ts';
import { mayShareLogin } from './login-clients.ts';
import {
  formatRefreshToken,
  hashOfSecret,
  isSecret,
  newRefreshToken,
  parseRefreshToken,
} from './refresh-token.ts';

/** A login cannot be gone on with. The message is for the person at the client. */
export class LoginRefused extends Error {
  /** Whether the refresh token was never one of a login that is known here. */
  readonly isForged: boolean;

  constructor(message: string, options: { readonly isForged: boolean }) {
    super(message);
    this.name = 'LoginRefused';
    this.isForged = options.isForged;
  }
}

/** How long logins are kept, in milliseconds. */
export interface LoginLifetimes {
  /** After the last use. */
  readonly unusedMs: number;
  /** From the login on, for accounts whose provider cannot be asked about them again; 0: such logins are not kept. */
  readonly uncheckedMs: number;
}

/** Where a login is used. */
export interface LoginUse {
  readonly service: string;
  readonly clientId: string;
  /** Of the client, for the log. */
  readonly address: string | undefined;
}

const MOST_OF_ACCOUNT = 1_000;
const FLUSH_MS = 30_000;
const PRUNE_MS = 3_600_000;
const PRUNE_PAGE = 1_000;
const MAX_TOLD = 1_000;
const MAX_CLIENT_CHARACTERS = 100;

/** The same for a token that never was: nobody learns which ids there are. */
const UNKNOWN = 'this login is not known here, or has ended; log in again';

function refuse(message: string): LoginRefused {
  return new LoginRefused(message, { isForged: false });
}

/**
 * Logins that a client keeps as a refresh token, in place of the password. The token stays the same for as long as the
 * login lasts (docs/adr/0013-refresh-tokens.md); what is kept of it is a hash. Uses are noted in the index in batches.
 */
export class Logins {
  readonly #index: LoginIndex;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #lifetimes: LoginLifetimes;
  readonly #told = new Set<string>();
  #uses = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #prunedAtMs = 0;

  constructor(options: { index: LoginIndex; clock: Clock; log: Logger; lifetimes: LoginLifetimes }) {
    this.#index = options.index;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#lifetimes = options.lifetimes;
  }

  /**
   * Begins one. Durable when it resolves.
   * @param version see {@link LoginRecord}
   * @param isChecked whether the provider can be asked about the account at each use
   * @returns the refresh token, and the id to end it by; undefined where such logins are not kept
   */
  async begin(
    { account, labels, isAdmin }: Identity,
    from: { readonly provider: string; readonly version: string | undefined; readonly isChecked: boolean },
    use: LoginUse,
  ): Promise<{ readonly id: string; readonly token: string } | undefined> {
    const { unusedMs, uncheckedMs } = this.#lifetimes;
    const lifetimeMs = from.isChecked ? unusedMs : Math.min(unusedMs, uncheckedMs);
    if (lifetimeMs <= 0) return undefined;
    const token = newRefreshToken();
    const now = this.#clock.now();
    const login = {
      id: token.id,
      secretHash: hashOfSecret(token.secret),
      provider: from.provider,
      version: from.version,
      ...{ account, labels, isAdmin },
      service: use.service,
      clientId: use.clientId.slice(0, MAX_CLIENT_CHARACTERS),
      createdAtMs: now,
      usedAtMs: now,
      expiresAtMs: now + lifetimeMs,
      extendsMs: from.isChecked ? lifetimeMs : undefined,
    };
    await this.#index.add(login, MOST_OF_ACCOUNT);
    this.#schedule();
    return { id: token.id, token: formatRefreshToken(token) };
  }

  /**
   * The login that a refresh token belongs to; what its provider says of the account today is the caller's to ask.
   * @throws LoginRefused
   */
  async find(text: string, use: LoginUse): Promise<LoginRecord> {
    const token = parseRefreshToken(text);
    const login = token && (await this.#index.find(token.id));
    if (token === undefined || login === undefined || !isSecret(token.secret, login.secretHash)) {
      throw new LoginRefused(UNKNOWN, { isForged: true });
    }
    if (login.endedAtMs !== undefined) {
      this.#tell('a login that has ended was used again: its token may be in wrong hands', login, use);
      throw refuse(UNKNOWN);
    }
    const expiresAtMs = this.#putOff(login);
    if (expiresAtMs <= this.#clock.now()) throw refuse('this login has expired; log in again');
    if (login.service !== use.service) {
      this.#tell('a login was used for another registry than its own', login, use);
      throw refuse('this login is for another registry; log in to this one');
    }
    if (!mayShareLogin(login.clientId, use.clientId.slice(0, MAX_CLIENT_CHARACTERS))) {
      this.#tell('a login was used by another program than the one that began it', login, use);
      throw refuse('this login was begun by another program; log in with the one that uses it');
    }
    return login;
  }

  /** Notes that a login was used; in the index it is from the next batch on. */
  used(id: string): void {
    this.#uses.set(id, this.#clock.now());
    this.#schedule();
  }

  /** @param why for people */
  async end(id: string, why: string): Promise<void> {
    await this.#index.end({ id }, why, this.#clock.now());
  }

  /** Notes in the index what was used since the last time, and forgets what has expired. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const uses = [...this.#uses].map(([id, atMs]) => ({ id, atMs }));
    this.#uses = new Map();
    try {
      if (uses.length > 0) await this.#index.touch(uses);
      const now = this.#clock.now();
      if (now - this.#prunedAtMs < PRUNE_MS) return;
      this.#prunedAtMs = now;
      await this.#index.prune(now, PRUNE_PAGE);
    } catch (error) {
      this.#log.error('uses of logins could not be noted', { error });
    }
  }

  /** A use that is not in the index yet puts the end off already. */
  #putOff({ id, expiresAtMs, extendsMs }: LoginRecord): number {
    const usedAtMs = this.#uses.get(id);
    if (usedAtMs === undefined || extendsMs === undefined) return expiresAtMs;
    return Math.max(expiresAtMs, usedAtMs + extendsMs);
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Once for each login: whoever holds its token could fill the log. */
  #tell(what: string, login: LoginRecord, use: LoginUse): void {
    const key = `${login.id} ${what}`;
    if (this.#told.has(key)) return;
    if (this.#told.size >= MAX_TOLD) this.#told.clear();
    this.#told.add(key);
    const { id, account, clientId, endedBy } = login;
    this.#log.warn(what, {
      ...{ login: id, account, beganBy: clientId, usedBy: use.clientId.slice(0, MAX_CLIENT_CHARACTERS) },
      ...{ service: use.service.slice(0, MAX_CLIENT_CHARACTERS), address: use.address },
      ...(endedBy === undefined ? {} : { endedBy }),
    });
  }
}
