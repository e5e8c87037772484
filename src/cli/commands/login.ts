import { KeptLogins, type ShownLogin } from '../../auth/token/kept-logins.ts';
import { SYSTEM_CLOCK } from '../../ports.ts';
import { type AccountOptions, openIndex } from '../account-data.ts';
import { Failure } from '../failure.ts';
import { COMMAND } from '../passwords.ts';

const PAGE = 200;

/** What both commands are told. */
export interface LoginOptions extends AccountOptions {
  readonly account?: string;
}

async function withLogins<T>(options: LoginOptions, action: (logins: KeptLogins) => Promise<T>): Promise<T> {
  const index = await openIndex(options, false);
  try {
    return await action(new KeptLogins(index.logins, SYSTEM_CLOCK));
  } finally {
    await index.close();
  }
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

function lineOf(login: ShownLogin): string {
  const { id, account, service, clientId, createdAtMs, usedAtMs, expiresAtMs } = login;
  return [
    ...[id, account, clientId || '-', service || '-'],
    `since ${day(createdAtMs)}, used ${day(usedAtMs)}, until ${day(expiresAtMs)}`,
  ].join('\t');
}

/** Times as RFC 3339 writes them. */
function plain({ createdAtMs, usedAtMs, expiresAtMs, ...login }: ShownLogin): object {
  const time = (ms: number): string => new Date(ms).toISOString();
  return { ...login, createdAt: time(createdAtMs), usedAt: time(usedAtMs), expiresAt: time(expiresAtMs) };
}

/** `berth login list`: the logins that clients keep, the latest used first. */
export async function listLogins(options: LoginOptions & { json?: boolean }): Promise<void> {
  await withLogins(options, async (logins) => {
    let isEmpty = true;
    for (let after: string | undefined; ; ) {
      const page = await logins.list(options.account, { after, limit: PAGE });
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
  const { account } = options;
  const filters = account === undefined ? ids.map((id) => ({ id })) : [{ account }];
  await withLogins(options, async (logins) => {
    let ended = 0;
    for (const filter of filters) {
      const count = await logins.end(filter, 'revoked');
      if (count === 0 && 'id' in filter) {
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
