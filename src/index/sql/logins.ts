import type { LoginFilter, LoginIndex, LoginRecord, NewLogin } from '../logins.ts';
import { query, type Session } from './query.ts';
import { revoke } from './revocations.ts';

interface LoginRow {
  id: string;
  secret_hash: string;
  provider: string;
  account: string;
  version: string | null;
  service: string;
  client_id: string;
  labels: string;
  is_admin: number;
  created_at: number;
  used_at: number;
  expires_at: number;
  extends: number | null;
  ended_at: number | null;
  ended_by: string | null;
}

const COLUMNS = `id, secret_hash, provider, account, version, service, client_id, labels, is_admin, created_at, used_at,
  expires_at, extends, ended_at, ended_by`;

const ADD = query<Omit<LoginRow, 'ended_at' | 'ended_by'> & Record<string, string | number | null>>(
  `INSERT INTO logins (${COLUMNS})
   VALUES (:id, :secret_hash, :provider, :account, :version, :service, :client_id, :labels, :is_admin, :created_at,
     :used_at, :expires_at, :extends, NULL, NULL)`,
);

const FIND = query<{ id: string }, LoginRow>(`SELECT ${COLUMNS} FROM logins WHERE id = :id`);

const LIST = query<
  { id: string; account: string; now: number; used: number; after: string; limit: number },
  LoginRow
>(
  `SELECT ${COLUMNS} FROM logins
   WHERE ended_at IS NULL AND expires_at > :now AND (:id = '' OR id = :id) AND (:account = '' OR account = :account)
     AND (used_at < :used OR (used_at = :used AND id < :after))
   ORDER BY used_at DESC, id DESC LIMIT :limit`,
);

const TOUCH = query<{ id: string; at: number }>(
  `UPDATE logins SET used_at = max(used_at, :at),
     expires_at = CASE WHEN extends IS NULL THEN expires_at ELSE max(expires_at, :at + extends) END
   WHERE id = :id`,
);

const GOING = query<{ id: string; account: string; provider: string }, { id: string }>(
  `SELECT id FROM logins
   WHERE ended_at IS NULL AND (:id = '' OR id = :id) AND (:account = '' OR account = :account)
     AND (:provider = '' OR provider = :provider)`,
);

const END = query<{ id: string; why: string; at: number }>(
  'UPDATE logins SET ended_at = :at, ended_by = :why WHERE id = :id',
);

const FORGET = query<{ provider: string; account: string }>(
  'DELETE FROM logins WHERE provider = :provider AND account = :account',
);

const BEYOND = query<{ account: string; most: number }, { id: string }>(
  `SELECT id FROM logins WHERE account = :account AND ended_at IS NULL
   ORDER BY used_at DESC, id LIMIT -1 OFFSET :most`,
);

const PRUNE = query<{ before: number; limit: number }>(
  'DELETE FROM logins WHERE id IN (SELECT id FROM logins WHERE expires_at < :before ORDER BY expires_at LIMIT :limit)',
);

function toLogin(row: LoginRow): LoginRecord {
  return {
    id: row.id,
    secretHash: row.secret_hash,
    provider: row.provider,
    account: row.account,
    version: row.version ?? undefined,
    service: row.service,
    clientId: row.client_id,
    labels: JSON.parse(row.labels) as LoginRecord['labels'],
    isAdmin: row.is_admin === 1,
    createdAtMs: row.created_at,
    usedAtMs: row.used_at,
    expiresAtMs: row.expires_at,
    extendsMs: row.extends ?? undefined,
    endedAtMs: row.ended_at ?? undefined,
    endedBy: row.ended_by ?? undefined,
  };
}

export async function addLogin(session: Session, login: NewLogin, mostOfAccount: number): Promise<void> {
  await session.run(ADD, {
    id: login.id,
    secret_hash: login.secretHash,
    provider: login.provider,
    account: login.account,
    version: login.version ?? null,
    service: login.service,
    client_id: login.clientId,
    labels: JSON.stringify(login.labels),
    is_admin: login.isAdmin ? 1 : 0,
    created_at: login.createdAtMs,
    used_at: login.usedAtMs,
    expires_at: login.expiresAtMs,
    extends: login.extendsMs ?? null,
  });
  const why = `the account has more than ${mostOfAccount} logins`;
  const beyond = await session.all(BEYOND, { account: login.account, most: mostOfAccount });
  await endEach(session, beyond, why, login.createdAtMs);
}

export async function findLogin(session: Session, id: string): Promise<LoginRecord | undefined> {
  const row = await session.first(FIND, { id });
  return row && toLogin(row);
}

export async function listLogins(
  session: Session,
  { id = '', account = '' }: LoginFilter,
  nowMs: number,
  { after, limit }: Parameters<LoginIndex['list']>[2],
): Promise<LoginRecord[]> {
  const last = after === undefined ? undefined : await session.first(FIND, { id: after });
  const position = { used: last?.used_at ?? Number.MAX_SAFE_INTEGER, after: last?.id ?? '' };
  return (await session.all(LIST, { id, account, now: nowMs, limit, ...position })).map(toLogin);
}

export async function touchLogins(session: Session, uses: Parameters<LoginIndex['touch']>[0]): Promise<void> {
  for (const { id, atMs } of uses) await session.run(TOUCH, { id, at: atMs });
}

export async function endLogins(
  session: Session,
  { id = '', account = '' }: LoginFilter,
  why: string,
  atMs: number,
): Promise<number> {
  return endEach(session, await session.all(GOING, { id, account, provider: '' }), why, atMs);
}

/** Ends what one provider's account has, in the transaction in which the account changes. */
export async function endLoginsOf(
  session: Session,
  account: string,
  options: { readonly provider: string; readonly why: string; readonly atMs: number },
): Promise<void> {
  const { provider, why, atMs } = options;
  await endEach(session, await session.all(GOING, { id: '', account, provider }), why, atMs);
}

/** Tokens that they brought are void, too. */
async function endEach(
  session: Session,
  logins: readonly { readonly id: string }[],
  why: string,
  atMs: number,
): Promise<number> {
  for (const { id } of logins) {
    await session.run(END, { id, why, at: atMs });
    await revoke(session, 'grant', id, atMs);
  }
  return logins.length;
}

/** Removes what one provider's account has, in the transaction in which the account goes. */
export async function forgetLoginsOf(session: Session, account: string, provider: string): Promise<void> {
  await session.run(FORGET, { provider, account });
}

export function pruneLogins(session: Session, expiredBeforeMs: number, limit: number): Promise<number> {
  return session.run(PRUNE, { before: expiredBeforeMs, limit });
}
