import type { AccessTokenRecord, NewAccessToken, TokenLimit } from '../access-tokens.ts';
import type { AccountRecord } from '../accounts.ts';
import { ACCOUNT_COLUMNS, type AccountRow, findAccount, toAccount } from './accounts.ts';
import { query, type Session } from './query.ts';
import { revoke } from './revocations.ts';

interface TokenRow {
  id: string;
  account: string;
  token_name: string;
  limits: string | null;
  created_at: number;
  expires_at: number | null;
  used_at: number | null;
}

const TOKEN_COLUMNS = `access_tokens.id, account, access_tokens.name AS token_name, limits,
  access_tokens.created_at, access_tokens.expires_at, access_tokens.used_at`;

const FIND = query<{ hash: string }, TokenRow & AccountRow>(
  `SELECT ${TOKEN_COLUMNS}, ${ACCOUNT_COLUMNS}
   FROM access_tokens JOIN accounts ON accounts.name = access_tokens.account WHERE hash = :hash`,
);

const OF_ACCOUNT = query<{ account: string }, TokenRow>(
  `SELECT ${TOKEN_COLUMNS} FROM access_tokens WHERE account = :account ORDER BY created_at, name`,
);

const ADD = query<{
  id: string;
  account: string;
  name: string;
  hash: string;
  limits: string | null;
  at: number;
  expires: number | null;
}>(
  `INSERT INTO access_tokens (id, account, name, hash, limits, created_at, expires_at)
   VALUES (:id, :account, :name, :hash, :limits, :at, :expires) ON CONFLICT DO NOTHING`,
);

const DELETE = query<{ id: string }>('DELETE FROM access_tokens WHERE id = :id');

const END = query<{ id: string; end: number }>(
  'UPDATE access_tokens SET expires_at = :end WHERE id = :id AND (expires_at IS NULL OR expires_at > :end)',
);

function toToken(row: TokenRow): AccessTokenRecord {
  return {
    id: row.id,
    account: row.account,
    name: row.token_name,
    limits: row.limits === null ? undefined : (JSON.parse(row.limits) as TokenLimit[]),
    createdAtMs: row.created_at,
    expiresAtMs: row.expires_at ?? undefined,
    usedAtMs: row.used_at ?? undefined,
  };
}

export async function findAccessToken(
  session: Session,
  hash: string,
): Promise<{ token: AccessTokenRecord; account: AccountRecord } | undefined> {
  const row = await session.first(FIND, { hash });
  return row && { token: toToken(row), account: toAccount(row) };
}

export async function listAccessTokens(session: Session, account: string): Promise<AccessTokenRecord[]> {
  return (await session.all(OF_ACCOUNT, { account })).map(toToken);
}

export async function createAccessToken(
  session: Session,
  token: NewAccessToken,
): Promise<'done' | 'unknown' | 'exists'> {
  if ((await findAccount(session, token.account)) === undefined) return 'unknown';
  const added = await session.run(ADD, {
    id: token.id,
    account: token.account,
    name: token.name,
    hash: token.hash,
    limits: token.limits === undefined ? null : JSON.stringify(token.limits),
    at: token.createdAtMs,
    expires: token.expiresAtMs ?? null,
  });
  return added > 0 ? 'done' : 'exists';
}

async function end(session: Session, id: string, atMs: number): Promise<void> {
  await session.run(DELETE, { id });
  await revoke(session, 'grant', id, atMs);
}

export async function revokeAccessToken(
  session: Session,
  account: string,
  name: string,
  atMs: number,
): Promise<boolean> {
  const token = (await listAccessTokens(session, account)).find((one) => one.name === name);
  if (token === undefined) return false;
  await end(session, token.id, atMs);
  return true;
}

export async function rotateAccessToken(
  session: Session,
  token: NewAccessToken,
  othersEndAtMs: number,
): Promise<'done' | 'unknown' | 'exists'> {
  const others = await listAccessTokens(session, token.account);
  const created = await createAccessToken(session, token);
  if (created !== 'done') return created;
  const now = token.createdAtMs;
  for (const { id, expiresAtMs = Number.POSITIVE_INFINITY } of others) {
    if (Math.min(expiresAtMs, othersEndAtMs) <= now) await end(session, id, now);
    else await session.run(END, { id, end: othersEndAtMs });
  }
  return 'done';
}
