import { type StaticUser, StaticUsers } from '../../auth/identity/static-users.ts';
import type { IdentityBuilder } from './parts.ts';

/** docker_auth's `users`. */
export const users: IdentityBuilder = (settings, { passwords }) => {
  if (settings.users === undefined) return undefined;
  const entries = [...settings.users].map(([account, { password, labels }]): [string, StaticUser] => [
    account,
    { passwordHash: password?.reveal(), labels: Object.fromEntries(labels) },
  ]);
  return { provider: new StaticUsers(new Map(entries), passwords) };
};
