import { type AccountAdministration, accountAdministration } from '../auth/accounts/administration.ts';
import { AccountProblem } from '../auth/accounts/problem.ts';
import { loadAuthConfig } from '../config/docker-auth.ts';
import { parseGoDuration } from '../config/duration.ts';
import type { Index } from '../index/index.ts';
import { SYSTEM_CLOCK } from '../ports.ts';
import { openConfiguredState } from './configuration.ts';
import { Failure } from './failure.ts';
import { COMMAND } from './passwords.ts';
import { openExistingState, openState } from './state.ts';

/** Where the data are of a registry, or of a token service alone. */
export interface DataOptions {
  /** The registry's config.yml, where it has one. */
  readonly config?: string;
  /** The auth.yml of a token service alone. */
  readonly authConfig?: string;
  /** The data folder itself. */
  readonly data?: string;
}

/** What all commands about accounts have in common. */
export interface AccountOptions extends DataOptions {
  readonly json?: boolean;
}

/** What accounts are managed with. */
export interface AccountManagers extends AccountAdministration {
  readonly index: Index;
}

/** @throws Failure where it is said more than once where the data are */
export function assertOnePlace({ config, authConfig, data }: DataOptions): void {
  if ([config, authConfig, data].filter((one) => one !== undefined).length > 1) {
    throw new Failure('--config, --auth-config and --data each say where the data are; keep one of them');
  }
}

/**
 * Opens the index that the options name. The caller closes it.
 * @throws ConfigError, Failure
 */
export async function openIndex(options: DataOptions, mayCreate: boolean): Promise<Index> {
  const { config, authConfig, data } = options;
  assertOnePlace(options);
  const open = mayCreate ? openState : openExistingState;
  if (data !== undefined) return (await open(data)).index;
  if (authConfig === undefined) return (await openConfiguredState(config, { mayCreate })).index;
  const folder = loadAuthConfig(authConfig).config.data;
  if (folder !== undefined) return (await open(folder)).index;
  throw new Failure(
    `${authConfig} names no folder to keep anything in; write data: and a folder at its top, and start ${COMMAND} auth with it`,
  );
}

/**
 * Does something with the accounts of a data folder, beside a registry that runs or alone.
 * @throws ConfigError, Failure; what cannot be done is told with a piece of advice
 */
export async function withAccounts<T>(
  options: AccountOptions,
  action: (managers: AccountManagers) => Promise<T>,
  { mayCreate = false } = {},
): Promise<T> {
  const index = await openIndex(options, mayCreate);
  const parts = { index, clock: SYSTEM_CLOCK };
  try {
    return await action({ ...accountAdministration(parts), index });
  } catch (error) {
    if (!(error instanceof AccountProblem)) throw error;
    throw new Failure(`${error.message}${ADVICE[error.kind] ?? ''}`, { cause: error });
  } finally {
    await index.close();
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  'last-admin': '; --force does it all the same',
};

const DAY_MS = 24 * 3_600_000;

/**
 * How long something lives: days as `90d`, or a duration as Go writes them; `never` is undefined.
 * @throws Failure
 */
export function lifetimeMs(option: string, text: string): number | undefined {
  if (text === 'never') return undefined;
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  if (days !== undefined) return Number(days) * DAY_MS;
  const nanoseconds = parseGoDuration(text);
  if (nanoseconds !== undefined && nanoseconds >= 0n) return Number(nanoseconds / 1_000_000n);
  throw new Failure(`${option} ${JSON.stringify(text)} is no time to live; write it like 90d, 12h or never`);
}

/** A time for people, in UTC. */
export function timeText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** All of a list that comes in pages. */
export async function allPages<T>(
  read: (page: { after: string | undefined; limit: number }) => Promise<readonly T[]>,
  nameOf: (entry: T) => string,
  each: (entry: T) => void,
): Promise<number> {
  const limit = 1_000;
  let count = 0;
  let after: string | undefined;
  for (;;) {
    const page = await read({ after, limit });
    for (const entry of page) each(entry);
    count += page.length;
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return count;
    after = nameOf(last);
  }
}
