import type { AccessTokenRecord, NewAccessToken } from '../../index/access-tokens.ts';
import { parseLimit } from './limits.ts';
import { endAfter, type ManagerParts, unknownAccount } from './manager.ts';
import { parseTokenName } from './names.ts';
import { AccountProblem } from './problem.ts';
import { newAccessToken } from './secrets.ts';

/** What a token is to be. */
export interface TokenWish {
  readonly name: string;
  /** As `parseLimit` reads them; none: it may do what the account may do. */
  readonly limits: readonly string[];
  /** Undefined: it stays until it is revoked. */
  readonly lifetimeMs: number | undefined;
}

/** A token that was made. */
export interface MadeToken {
  readonly record: NewAccessToken;
  /** Cannot be shown again. */
  readonly secret: string;
}

/** @throws AccountProblem */
export function makeToken(account: string, wish: TokenWish, nowMs: number): MadeToken {
  const name = parseTokenName(wish.name);
  const limits = wish.limits.length === 0 ? undefined : wish.limits.map(parseLimit);
  const expiresAtMs = endAfter(wish.lifetimeMs, nowMs);
  const { id, secret, hash } = newAccessToken();
  return { record: { id, account, name, limits, createdAtMs: nowMs, expiresAtMs, hash }, secret };
}

/** Personal access tokens. */
export class AccessTokens {
  readonly #parts: ManagerParts;

  constructor(parts: ManagerParts) {
    this.#parts = parts;
  }

  /** @throws AccountProblem */
  async add(account: string, wish: TokenWish): Promise<MadeToken> {
    const { index, clock } = this.#parts;
    const made = makeToken(account, wish, clock.now());
    const outcome = await index.accessTokens.create(made.record);
    if (outcome === 'done') return made;
    if (outcome === 'unknown') unknownAccount(account);
    throw new AccountProblem('exists', `"${account}" has a token "${wish.name}" already`);
  }

  /** @throws AccountProblem */
  async list(account: string): Promise<AccessTokenRecord[]> {
    const { index } = this.#parts;
    if ((await index.accounts.find(account)) === undefined) unknownAccount(account);
    return index.accessTokens.list(account);
  }

  /** @throws AccountProblem */
  async revoke(account: string, name: string): Promise<void> {
    const { index, clock } = this.#parts;
    if (await index.accessTokens.revoke(account, name, clock.now())) return;
    throw new AccountProblem(
      'unknown',
      `${JSON.stringify(account)} has no token ${JSON.stringify(name.slice(0, 100))}`,
    );
  }
}
