import type { AccountRecord } from '../../index/accounts.ts';
import { type MadeToken, makeToken } from './access-tokens.ts';
import { endAfter, type ManagerParts } from './manager.ts';
import { parseAccountName } from './names.ts';
import { AccountProblem } from './problem.ts';

const DAY_MS = 24 * 3_600_000;
/** Long enough for whoever has to bring a new token everywhere. */
export const USUAL_OVERLAP_MS = DAY_MS;

/** Accounts of programs: without a password, with tokens that are rotated, with nothing but the roles they are given. */
export class Robots {
  readonly #parts: ManagerParts;

  constructor(parts: ManagerParts) {
    this.#parts = parts;
  }

  /**
   * @param lifetimeMs of the account; undefined: it stays
   * @throws AccountProblem
   */
  async add(name: string, lifetimeMs: number | undefined): Promise<MadeToken> {
    const { index, clock } = this.#parts;
    const nowMs = clock.now();
    const expiresAtMs = endAfter(lifetimeMs, nowMs);
    const account = {
      name: parseAccountName(name),
      kind: 'robot',
      passwordHash: '',
      isAdmin: false,
    } as const;
    if (!(await index.accounts.create({ ...account, expiresAtMs }, nowMs))) {
      throw new AccountProblem('exists', `the account "${name}" exists already`);
    }
    return this.#rotate(name, nowMs, nowMs);
  }

  /**
   * Makes a new token; those before end after the overlap.
   * @throws AccountProblem
   */
  async rotate(name: string, overlapMs: number): Promise<MadeToken & { readonly othersEndAtMs: number }> {
    await this.find(name);
    const nowMs = this.#parts.clock.now();
    const othersEndAtMs = nowMs + overlapMs;
    return { ...(await this.#rotate(name, nowMs, othersEndAtMs)), othersEndAtMs };
  }

  /** @throws AccountProblem where there is none of this name, or it is somebody's account */
  async find(name: string): Promise<AccountRecord> {
    const account = await this.#parts.index.accounts.find(name);
    if (account?.kind === 'robot') return account;
    throw new AccountProblem('unknown', `there is no robot ${JSON.stringify(name)}`);
  }

  /** @throws AccountProblem */
  async remove(name: string): Promise<void> {
    const { index, clock } = this.#parts;
    await this.find(name);
    await index.accounts.remove(name, clock.now());
  }

  async #rotate(account: string, nowMs: number, othersEndAtMs: number): Promise<MadeToken> {
    const { index } = this.#parts;
    const taken = new Set((await index.accessTokens.list(account)).map(({ name }) => name));
    const day = new Date(nowMs).toISOString().slice(0, 10);
    let name = day;
    for (let number = 2; taken.has(name); number += 1) name = `${day}-${number}`;
    const made = makeToken(account, { name, limits: [], lifetimeMs: undefined }, nowMs);
    const outcome = await index.accessTokens.rotate(made.record, othersEndAtMs);
    if (outcome === 'done') return made;
    throw new AccountProblem('unknown', `the robot "${account}" was changed by somebody else; try again`);
  }
}
