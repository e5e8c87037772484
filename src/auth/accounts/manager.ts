import type { Index } from '../../index/index.ts';
import type { Clock } from '../../ports.ts';
import { AccountProblem } from './problem.ts';

/** What accounts are managed with. */
export interface ManagerParts {
  readonly index: Pick<Index, 'accounts' | 'accessTokens' | 'groups' | 'roles'>;
  readonly clock: Clock;
}

/** @throws AccountProblem always */
export function unknownAccount(name: string): never {
  throw new AccountProblem('unknown', `there is no account ${JSON.stringify(name)}`);
}

/** @throws AccountProblem always */
export function unknownGroup(name: string): never {
  throw new AccountProblem('unknown', `there is no group ${JSON.stringify(name)}`);
}

const MAX_FUTURE_MS = 100 * 365 * 24 * 3_600_000;

/**
 * When something ends that is made now and lives so long.
 * @throws AccountProblem
 */
export function endAfter(lifetimeMs: number | undefined, nowMs: number): number | undefined {
  if (lifetimeMs === undefined) return undefined;
  if (lifetimeMs > 0 && lifetimeMs <= MAX_FUTURE_MS) return nowMs + lifetimeMs;
  throw new AccountProblem('invalid', 'a time to live is more than nothing, and at most 100 years');
}
