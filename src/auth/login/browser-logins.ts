import { randomUUID } from 'node:crypto';
import type { Clock } from '../../ports.ts';
import type { PasswordChecker } from '../identity/password-checker.ts';
import { hashForHtpasswd } from '../identity/password-hash.ts';
import type { Credentials, Identity, IdentityProvider, Standing } from '../identity/provider.ts';
import { Slots } from '../slots.ts';
import { findPassword, grantOf, isAmong, isGenerated } from './generated-password.ts';
import type { LoginRecords } from './login-records.ts';
import type { LoginRecord } from './record.ts';
import type { Renewal } from './renewal.ts';

const HOUR_MS = 3_600_000;

/** What browser logins are made of. */
export interface BrowserLoginsParts {
  readonly records: LoginRecords;
  readonly renewal: Renewal;
  readonly passwords: PasswordChecker;
  readonly clock: Clock;
  /** How long a password holds that docker_auth made, counted from when it is first seen. */
  readonly passwordLifetimeMs: number;
  /** Whether docker_auth may have written to the token database. */
  readonly mayHoldLegacy: boolean;
}

/** Passwords that were made for people who signed in with a browser. */
export class BrowserLogins implements IdentityProvider {
  readonly name: string;
  readonly #parts: BrowserLoginsParts;
  readonly #slots = new Slots({ maxRunning: 16, maxWaiting: 256 });
  #standIn: Promise<string> | undefined;

  constructor(parts: BrowserLoginsParts) {
    this.#parts = parts;
    this.name = parts.records.section;
  }

  /** @throws IdentityProviderAway, TooManyLogins */
  async authenticate({ account, password }: Credentials): Promise<Identity | 'no-match' | 'wrong-password'> {
    if (account === '') return 'no-match';
    const { records, clock } = this.#parts;
    const found = await records.find(account);
    const isRight = await this.#isRight(account, found?.record, password);
    if (found === undefined) return 'no-match';
    // The page of another section makes passwords of the same form, and may know an account of the same name.
    if (isGenerated(password) && !isAmong(found.record.passwords, password)) return 'no-match';
    if (!isRight) return 'wrong-password';
    let record = await this.#noteUse(account, found.record, password);
    record = record && (await this.#confirm(account, record));
    // It may have been revoked while the identity provider was asked.
    if (record === undefined) return 'wrong-password';
    const used = findPassword(record.passwords, password, clock.now());
    if (isGenerated(password) && used === undefined) return 'wrong-password';
    const untilMs = used?.expiresAtMs ?? record.legacyExpiresAtMs;
    return {
      ...{ account, labels: record.labels, isAdmin: false },
      // It can be revoked and ends by itself: nothing that is issued for it may go on longer.
      proof: 'token',
      ...(untilMs !== undefined && { untilMs }),
      ...(used !== undefined && { grant: grantOf(used.id) }),
    };
  }

  async pretend(credentials: Credentials): Promise<void> {
    await this.#isRight(credentials.account, undefined, credentials.password);
  }

  /**
   * Who an account is now, for somebody who has proved by other means to be it: by a refresh token, for example.
   * `gone` where no password of the account holds any more, or the account may no longer log in.
   * @throws IdentityProviderAway, TooManyLogins
   */
  async lookup(account: string): Promise<Standing | 'gone'> {
    const found = account === '' ? undefined : await this.#parts.records.find(account);
    if (found === undefined || !this.#hasPassword(found.record)) return 'gone';
    const record = await this.#confirm(account, found.record);
    if (record === undefined) return 'gone';
    return { identity: { account, labels: record.labels, isAdmin: false }, version: undefined };
  }

  /** Whether what is kept of logins can be read; the identity provider is asked for people alone. */
  async ping(): Promise<void> {
    await this.#parts.records.find('');
  }

  async close(): Promise<void> {
    await this.#parts.records.close();
  }

  #hasPassword({ passwords, legacyHash, legacyExpiresAtMs }: LoginRecord): boolean {
    const nowMs = this.#parts.clock.now();
    const holdsLegacy = legacyHash !== undefined && nowMs < (legacyExpiresAtMs ?? Number.POSITIVE_INFINITY);
    return holdsLegacy || passwords.some(({ expiresAtMs }) => nowMs < expiresAtMs);
  }

  #confirm(account: string, record: LoginRecord): Promise<LoginRecord | undefined> {
    return this.#slots.run(() => this.#parts.renewal.confirm(account, record));
  }

  async #isRight(account: string, record: LoginRecord | undefined, password: string): Promise<boolean> {
    const { clock, passwords, mayHoldLegacy } = this.#parts;
    if (isGenerated(password)) {
      return findPassword(record?.passwords ?? [], password, clock.now()) !== undefined;
    }
    if (!mayHoldLegacy) return false;
    const { legacyHash, legacyExpiresAtMs = Number.POSITIVE_INFINITY } = record ?? {};
    if (legacyHash !== undefined && clock.now() < legacyExpiresAtMs) {
      return passwords.check(account, legacyHash, password);
    }
    this.#standIn ??= hashForHtpasswd(randomUUID());
    await passwords.pretend(account, await this.#standIn, password);
    return false;
  }

  /** Also takes over a record of docker_auth: its tokens no longer stand there in clear, and its password gets an end. */
  async #noteUse(account: string, record: LoginRecord, password: string): Promise<LoginRecord | undefined> {
    const { records, clock, passwordLifetimeMs } = this.#parts;
    const nowMs = clock.now();
    const isNoted = ({ section, passwords }: LoginRecord): boolean => {
      const used = findPassword(passwords, password, nowMs);
      return section !== undefined && (used === undefined || nowMs - (used.usedAtMs ?? 0) < HOUR_MS);
    };
    if (isNoted(record)) return record;
    return records.update(account, (current) => {
      if (current === undefined || isNoted(current)) return current;
      const used = findPassword(current.passwords, password, nowMs);
      const { legacyHash, legacyExpiresAtMs = nowMs + passwordLifetimeMs } = current;
      return {
        ...current,
        legacyExpiresAtMs: legacyHash === undefined ? undefined : legacyExpiresAtMs,
        passwords: current.passwords.map((each) =>
          each.id === used?.id ? { ...each, usedAtMs: nowMs } : each,
        ),
      };
    });
  }
}
