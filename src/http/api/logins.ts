import { RegistryError } from '../../errors.ts';
import type { LoginFilter } from '../../index/logins.ts';
import { json, type Reply } from '../message.ts';
import type { ApiContext } from './context.ts';
import { pageSize } from './deleted.ts';
import { jsonBody } from './input.ts';
import { shown } from './json.ts';

/** `GET /api/v1/logins` */
export async function listLogins({ request, logins, clock }: ApiContext): Promise<Reply> {
  const { query } = request;
  const limit = pageSize(query);
  const filter: LoginFilter = { account: query.get('account') ?? undefined };
  const after = query.get('after') ?? undefined;
  const found = await logins.list(filter, clock.now(), { after, limit: limit + 1 });
  const page = found.slice(0, limit);
  const next = found.length > limit ? page.at(-1)?.id : undefined;
  const entries = page.map((login) => {
    const { id, account, provider, service, clientId, createdAtMs, usedAtMs, expiresAtMs } = login;
    return { id, account, provider, service, clientId, createdAtMs, usedAtMs, expiresAtMs };
  });
  return json(200, shown({ logins: entries, next }));
}

/** `POST /api/v1/logins/revoke` */
export async function revokeLogins({ request, logins, account, clock }: ApiContext): Promise<Reply> {
  const fields = await jsonBody(request);
  const filter: LoginFilter = { id: fields.text('id'), account: fields.text('account') };
  fields.end();
  if ((filter.id === undefined) === (filter.account === undefined)) {
    throw new RegistryError('REQUEST_INVALID', {
      message: 'one of the fields "id" and "account" must be there',
    });
  }
  return json(200, { ended: await logins.end(filter, `revoked by ${account}`, clock.now()) });
}
