import { randomUUID } from 'node:crypto';
import type { AccessTokenIndex } from '../../index/access-tokens.ts';
import type { AccountIndex, AccountRecord } from '../../index/accounts.ts';
import type { Clock } from '../../ports.ts';
import { narrowedBy } from '../accounts/limits.ts';
import { CompiledPatterns } from '../accounts/patterns.ts';
import { hashAccessToken, isAccessToken } from '../accounts/secrets.ts';
import type { LastUses } from '../accounts/uses.ts';
import type { PasswordChecker } from './password-checker.ts';
import { hashPassword, isBcrypt } from './password-hash.ts';
import type { Credentials, Identity, IdentityProvider, Standing } from './provider.ts';

/** bcrypt looks at no more of a password. */
const BCRYPT_BYTES = 72;

/** What they are made with. */
export interface OwnAccountsParts {
  readonly accounts: Pick<AccountIndex, 'find' | 'rehashPassword'>;
  readonly accessTokens: Pick<AccessTokenIndex, 'findByHash'>;
  readonly passwords: PasswordChecker;
  readonly clock: Clock;
  /** Undefined where nobody wants to know when somebody logged in. */
  readonly uses: LastUses | undefined;
}

/**
 * The accounts in Berth's own index, by password or by access token. Each login asks the index, so that a change counts
 * at once, on every replica.
 */
export class OwnAccounts implements IdentityProvider {
  readonly name = 'accounts';
  readonly #parts: OwnAccountsParts;
  readonly #patterns = new CompiledPatterns();
  #standIn: Promise<string> | undefined;

  constructor(parts: OwnAccountsParts) {
    this.#parts = parts;
  }

  async authenticate({ account, password }: Credentials): Promise<Identity | 'no-match' | 'wrong-password'> {
    if (isAccessToken(password)) return this.#byToken(account, password);
    const { accounts, passwords, uses } = this.#parts;
    const record = await accounts.find(account);
    if (record === undefined || record.passwordHash === '') {
      await this.pretend({ account, password });
      return record === undefined ? 'no-match' : 'wrong-password';
    }
    const isRight = await passwords.check(account, record.passwordHash, password);
    // Asked after the password: a stranger does not learn that an account is disabled.
    if (!isRight || this.#isClosed(record)) return 'wrong-password';
    await this.#rehash(record, password);
    uses?.note(account);
    return identityOf(record);
  }

  /** Without a version: the index ends the logins of an account together with its password. */
  async lookup(account: string): Promise<Standing | 'gone'> {
    const record = await this.#parts.accounts.find(account);
    if (record === undefined || this.#isClosed(record)) return 'gone';
    this.#parts.uses?.note(account);
    return { identity: identityOf(record), version: undefined };
  }

  async pretend({ account, password }: Credentials): Promise<void> {
    // What looks like a token takes no time, whether it is one or not.
    if (isAccessToken(password)) return;
    this.#standIn ??= hashPassword(randomUUID());
    await this.#parts.passwords.pretend(account, await this.#standIn, password);
  }

  async #byToken(account: string, secret: string): Promise<Identity | 'no-match' | 'wrong-password'> {
    const { accounts, accessTokens, clock, uses } = this.#parts;
    const found = await accessTokens.findByHash(hashAccessToken(secret));
    if (found === undefined || found.account.name !== account) {
      return (await accounts.find(account)) === undefined ? 'no-match' : 'wrong-password';
    }
    const { token, account: record } = found;
    const hasExpired = token.expiresAtMs !== undefined && token.expiresAtMs <= clock.now();
    if (hasExpired || this.#isClosed(record)) return 'wrong-password';
    uses?.note(account, token.id);
    const untilMs = Math.min(...[token.expiresAtMs, record.expiresAtMs].filter((end) => end !== undefined));
    return {
      ...identityOf(record),
      proof: 'token',
      grant: token.id,
      ...(Number.isFinite(untilMs) && { untilMs }),
      ...(token.limits && { limit: narrowedBy(token.limits, this.#patterns) }),
    };
  }

  #isClosed({ isDisabled, expiresAtMs }: AccountRecord): boolean {
    return isDisabled || (expiresAtMs !== undefined && expiresAtMs <= this.#parts.clock.now());
  }

  /** A hash of bcrypt came from elsewhere, and is as weak as it was made there. */
  async #rehash({ name, passwordHash }: AccountRecord, password: string): Promise<void> {
    if (!isBcrypt(passwordHash) || Buffer.byteLength(password) > BCRYPT_BYTES) return;
    try {
      await this.#parts.accounts.rehashPassword(name, passwordHash, await hashPassword(password));
    } catch {
      // The login is none the worse for it; the next one tries again.
    }
  }
}

function identityOf({ name, kind, labels, isAdmin, expiresAtMs }: AccountRecord): Identity {
  return {
    account: name,
    labels,
    isAdmin,
    ...(kind === 'robot' && { isRobot: true }),
    ...(expiresAtMs !== undefined && { untilMs: expiresAtMs }),
  };
}
