import { parseDigest } from '../../oci/digest.ts';
import { parseRepositoryName, parseTag } from '../../oci/reference.ts';
import { json, type Reply } from '../message.ts';
import type { ApiContext } from './context.ts';
import { pageSize } from './deleted.ts';
import { required, wholeNumber } from './input.ts';
import { shown } from './json.ts';

/** `GET /api/v1/explain/blob` */
export async function explainBlob({ request, explain, preparation }: ApiContext): Promise<Reply> {
  const { query } = request;
  const repository = query.get('repository');
  const digest = parseDigest(required(query, 'digest'));
  const where = repository === null ? undefined : parseRepositoryName(repository);
  await (where === undefined ? preparation?.holder(digest, 'any') : preparation?.repository(where));
  return json(200, shown(await explain.blob(digest, where)));
}

/** `GET /api/v1/explain/manifest` */
export async function explainManifest({ request, explain, preparation }: ApiContext): Promise<Reply> {
  const repository = parseRepositoryName(required(request.query, 'repository'));
  const digest = parseDigest(required(request.query, 'digest'));
  await preparation?.repository(repository);
  return json(200, shown(await explain.manifest(repository, digest)));
}

/** `GET /api/v1/explain/tag` */
export async function explainTag({ request, explain, preparation }: ApiContext): Promise<Reply> {
  const repository = parseRepositoryName(required(request.query, 'repository'));
  const tag = parseTag(required(request.query, 'tag'));
  await preparation?.repository(repository);
  return json(200, shown(await explain.tag(repository, tag)));
}

/** `GET /api/v1/journal` */
export async function listRemovals({ request, journal }: ApiContext): Promise<Reply> {
  const { query } = request;
  const [repository, digest, tag] = [query.get('repository'), query.get('digest'), query.get('tag')];
  const filter = {
    repository:
      repository === null && tag === null ? undefined : parseRepositoryName(required(query, 'repository')),
    digest: digest === null ? undefined : parseDigest(digest),
    tag: tag === null ? undefined : parseTag(tag),
  };
  const limit = pageSize(query);
  const found = await journal.list(filter, { before: wholeNumber(query, 'before'), limit: limit + 1 });
  const removals = found.slice(0, limit);
  const next = found.length > limit ? removals.at(-1)?.id : undefined;
  return json(200, shown({ removals, next }));
}
