import { RegistryError } from '../../errors.ts';
import { json, type Reply } from '../message.ts';
import type { ApiContext } from './context.ts';
import { pageSize } from './deleted.ts';
import { jsonBody } from './input.ts';
import { shown } from './json.ts';

/** `GET /api/v1/logins` */
export async function listLogins({ request, logins }: ApiContext): Promise<Reply> {
  const { query } = request;
  const limit = pageSize(query);
  const after = query.get('after') ?? undefined;
  const found = await logins.list(query.get('account') ?? undefined, { after, limit: limit + 1 });
  const page = found.slice(0, limit);
  return json(200, shown({ logins: page, next: found.length > limit ? page.at(-1)?.id : undefined }));
}

/** `POST /api/v1/logins/revoke` */
export async function revokeLogins({ request, logins, account: by }: ApiContext): Promise<Reply> {
  const fields = await jsonBody(request);
  const [id, account] = [fields.text('id'), fields.text('account')];
  fields.end();
  if ((id === undefined) === (account === undefined)) {
    throw new RegistryError('REQUEST_INVALID', {
      message: 'one of the fields "id" and "account" must be there',
    });
  }
  return json(200, { ended: await logins.end({ id, account }, `revoked by ${by}`) });
}
