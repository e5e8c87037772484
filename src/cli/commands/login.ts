import type { LoginFilter, LoginIndex, LoginRecord } from '../../index/logins.ts';
import { openConfiguredState } from '../configuration.ts';
import { Failure } from '../failure.ts';
import { COMMAND } from '../passwords.ts';

const PAGE = 200;

/** What both commands are told. */
export interface LoginOptions {
  /** The registry's config.yml, where it has one: it says where the data are. */
  readonly config?: string;
  readonly account?: string;
}

async function withLogins<T>(options: LoginOptions, action: (logins: LoginIndex) => Promise<T>): Promise<T> {
  const { index } = await openConfiguredState(options.config);
  try {
    return await action(index.logins);
  } finally {
    await index.close();
  }
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

function lineOf(login: LoginRecord): string {
  const { id, account, service, clientId, createdAtMs, usedAtMs, expiresAtMs } = login;
  return [
    ...[id, account, clientId || '-', service || '-'],
    `since ${day(createdAtMs)}, used ${day(usedAtMs)}, until ${day(expiresAtMs)}`,
  ].join('\t');
}

/** Times as RFC 3339 writes them, and nothing secret. */
function plain(login: LoginRecord): Readonly<Record<string, unknown>> {
  const time = (ms: number): string => new Date(ms).toISOString();
  const { id, account, provider, service, clientId } = login;
  return {
    ...{ id, account, provider, service, clientId },
    createdAt: time(login.createdAtMs),
    usedAt: time(login.usedAtMs),
    expiresAt: time(login.expiresAtMs),
  };
}

/** `berth login list`: the logins that clients keep, the latest used first. */
export async function listLogins(options: LoginOptions & { json?: boolean }): Promise<void> {
  await withLogins(options, async (logins) => {
    const filter: LoginFilter = { account: options.account };
    const now = Date.now();
    let isEmpty = true;
    for (let after: string | undefined; ; ) {
      const page = await logins.list(filter, now, { after, limit: PAGE });
      for (const login of page) {
        process.stdout.write(`${options.json === true ? JSON.stringify(plain(login)) : lineOf(login)}\n`);
        isEmpty = false;
      }
      after = page.at(-1)?.id;
      if (page.length < PAGE) break;
    }
    if (isEmpty && options.json !== true) process.stdout.write('There are no logins that clients keep.\n');
  });
}

/** `berth login revoke [ID...]`: ends logins, by their ids or all of an account. */
export async function revokeLogins(ids: readonly string[], options: LoginOptions): Promise<void> {
  if ((ids.length === 0) === (options.account === undefined)) {
    throw new Failure('say which: the ids that login list shows, or --account for all of an account');
  }
  const filters: LoginFilter[] =
    options.account === undefined ? ids.map((id) => ({ id })) : [{ account: options.account }];
  await withLogins(options, async (logins) => {
    let ended = 0;
    for (const filter of filters) {
      const count = await logins.end(filter, 'revoked', Date.now());
      if (count === 0 && filter.id !== undefined) {
        throw new Failure(
          `there is no login ${JSON.stringify(filter.id)} that goes on; ${COMMAND} login list shows those that do`,
        );
      }
      ended += count;
    }
    const what = ended === 1 ? '1 login' : `${ended} logins`;
    process.stdout.write(
      `Ended ${what}. A registry of Berth's refuses their tokens at once, another when they expire.\n`,
    );
  });
}
