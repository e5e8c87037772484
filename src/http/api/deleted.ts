import { RegistryError } from '../../errors.ts';
import { positionOf } from '../../lifecycle/undelete.ts';
import { parseDigest } from '../../oci/digest.ts';
import { parseRepositoryName, parseTag } from '../../oci/reference.ts';
import { json, type Reply } from '../message.ts';
import type { ApiContext } from './context.ts';
import { jsonBody, wholeNumber } from './input.ts';
import { shown } from './json.ts';

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1000;

/** How many entries are asked for, at most a page's. */
export function pageSize(query: URLSearchParams): number {
  return Math.min(MAX_PAGE, Math.max(1, wholeNumber(query, 'n') ?? DEFAULT_PAGE));
}

/** Where the next page begins: a position as opaque text. */
function toCursor(position: ReturnType<typeof positionOf>): string {
  const { deletedAtMs, repository, name } = position;
  return Buffer.from(JSON.stringify([deletedAtMs, repository, name])).toString('base64url');
}

/** @throws RegistryError REQUEST_INVALID */
function fromCursor(text: string | null): ReturnType<typeof positionOf> | undefined {
  if (text === null) return undefined;
  try {
    const [deletedAtMs, repository, name] = JSON.parse(
      Buffer.from(text, 'base64url').toString(),
    ) as unknown[];
    if (typeof deletedAtMs === 'number' && typeof repository === 'string' && typeof name === 'string') {
      return { deletedAtMs, repository: parseRepositoryName(repository), name };
    }
  } catch {
    // Told below: what was wrong with it helps nobody.
  }
  throw new RegistryError('REQUEST_INVALID', {
    message: 'the query parameter "after" must be what an answer gave as "next"',
  });
}

/** `GET /api/v1/deleted` */
export async function listDeleted({ request, undelete }: ApiContext): Promise<Reply> {
  const { query } = request;
  const name = query.get('repository');
  const limit = pageSize(query);
  const repository = name === null ? undefined : parseRepositoryName(name);
  const found = await undelete.list(repository, { after: fromCursor(query.get('after')), limit: limit + 1 });
  const deleted = found.slice(0, limit);
  const last = deleted.at(-1);
  const next = found.length > limit && last !== undefined ? toCursor(positionOf(last)) : undefined;
  return json(200, shown({ deleted, next }));
}

/** `POST /api/v1/undelete` */
export async function restoreDeleted({
  request,
  undelete,
  preparation,
  account,
}: ApiContext): Promise<Reply> {
  const fields = await jsonBody(request);
  const repository = parseRepositoryName(fields.text('repository') ?? '');
  const [tag, digest] = [fields.text('tag'), fields.text('digest')];
  const moveTags = fields.flag('moveTags') ?? false;
  const withTags = fields.flag('withTags') ?? true;
  fields.end();
  if ((tag === undefined) === (digest === undefined)) {
    throw new RegistryError('REQUEST_INVALID', {
      message: 'one of the fields "tag" and "digest" must be there',
    });
  }
  const wanted = tag === undefined ? { digest: parseDigest(digest ?? '') } : { tag: parseTag(tag) };
  await preparation?.repository(repository);
  return json(200, shown(await undelete.restore({ repository, wanted, moveTags, withTags, actor: account })));
}
