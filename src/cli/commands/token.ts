import { formatLimit } from '../../auth/accounts/limits.ts';
import { shown } from '../../http/api/json.ts';
import type { AccessTokenRecord } from '../../index/access-tokens.ts';
import { type AccountOptions, lifetimeMs, timeText, withAccounts } from '../account-data.ts';
import { say } from '../say.ts';

/** What a token is to be. */
export interface TokenOptions extends AccountOptions {
  readonly name?: string;
  readonly limit?: readonly string[];
  readonly expires?: string;
}

/** `berth token add ACCOUNT` */
export async function addToken(account: string, options: TokenOptions): Promise<void> {
  const { limit: limits = [], name = 'token', expires } = options;
  const lifetime = expires === undefined ? undefined : lifetimeMs('--expires', expires);
  const { record, secret } = await withAccounts(options, ({ accessTokens }) =>
    accessTokens.add(account, { name, limits, lifetimeMs: lifetime }),
  );
  say(`Created the token "${name}" of "${account}", ${scopeText(record)}, ${endText(record, Date.now())}.`);
  say(`It is the password for docker login -u ${account}, and is shown only this once: ${secret}`);
}

/** `berth token list ACCOUNT` */
export async function listTokens(account: string, options: AccountOptions): Promise<void> {
  const tokens = await withAccounts(options, ({ accessTokens }) => accessTokens.list(account));
  if (options.json === true) {
    for (const token of tokens) say(JSON.stringify(shown(token)));
    return;
  }
  if (tokens.length === 0) say(`"${account}" has no tokens.`);
  const nowMs = Date.now();
  for (const token of tokens) {
    const used = token.usedAtMs === undefined ? 'never used' : `last used ${timeText(token.usedAtMs)}`;
    say([token.name, scopeText(token), endText(token, nowMs), used].join('\t'));
  }
}

/** `berth token revoke ACCOUNT NAME` */
export async function revokeToken(account: string, name: string, options: AccountOptions): Promise<void> {
  await withAccounts(options, ({ accessTokens }) => accessTokens.revoke(account, name));
  say(`Revoked the token "${name}" of "${account}"; what was issued for it has ended.`);
}

function scopeText({ limits }: Pick<AccessTokenRecord, 'limits'>): string {
  return limits === undefined ? 'all that the account may do' : limits.map(formatLimit).join(' ');
}

function endText({ expiresAtMs }: Pick<AccessTokenRecord, 'expiresAtMs'>, nowMs: number): string {
  if (expiresAtMs === undefined) return 'never expires';
  return `${expiresAtMs <= nowMs ? 'expired' : 'expires'} ${timeText(expiresAtMs)}`;
}
