import { RegistryError } from '../../errors.ts';
import type { RepositoryUse } from '../../lifecycle/statistics.ts';
import { parseRepositoryName, type RepositoryName } from '../../oci/reference.ts';
import { json, type Reply } from '../message.ts';
import type { ApiContext } from './context.ts';
import { pageSize } from './deleted.ts';
import { required } from './input.ts';
import { shown } from './json.ts';

function shownUse({ quota, ...used }: RepositoryUse): unknown {
  const { maxBytes, maxTags, allowance, key } = quota ?? {};
  return { ...used, maxBytes, maxTags, allowance, quota: key };
}

/** One page, and where the next one begins; undefined where there is none. */
async function pageOf<T>(
  { request }: ApiContext,
  read: (page: { readonly after: string | undefined; readonly limit: number }) => Promise<readonly T[]>,
  nameOf: (entry: T) => string,
): Promise<{ entries: readonly T[]; next: string | undefined }> {
  const limit = pageSize(request.query);
  const found = await read({ after: request.query.get('after') ?? undefined, limit: limit + 1 });
  const entries = found.slice(0, limit);
  const last = entries.at(-1);
  return { entries, next: found.length > limit && last !== undefined ? nameOf(last) : undefined };
}

/** `GET /api/v1/usage` */
export async function listUsage(context: ApiContext): Promise<Reply> {
  const { request, statistics, preparation } = context;
  const name = request.query.get('repository');
  if (name !== null) {
    const repository = parseRepositoryName(name);
    await preparation?.repository(repository);
    const used = await statistics.usageOf(repository);
    return json(200, shown({ repositories: used === undefined ? [] : [shownUse(used)] }));
  }
  const { entries, next } = await pageOf(
    context,
    (page) => statistics.usage(page),
    ({ repository }) => repository,
  );
  return json(200, shown({ repositories: entries.map(shownUse), next }));
}

/** A repository that is there. @throws RegistryError NAME_UNKNOWN */
async function repositoryOf({ request, statistics, preparation }: ApiContext): Promise<RepositoryName> {
  const repository = parseRepositoryName(required(request.query, 'repository'));
  await preparation?.repository(repository);
  if ((await statistics.usageOf(repository)) !== undefined) return repository;
  throw new RegistryError('NAME_UNKNOWN', { detail: { name: repository } });
}

async function countedSince({ statistics }: ApiContext): Promise<string> {
  return new Date(await statistics.countedSinceMs()).toISOString();
}

/** `GET /api/v1/pulls/tags` */
export async function listTagPulls(context: ApiContext): Promise<Reply> {
  const repository = await repositoryOf(context);
  const { entries, next } = await pageOf(
    context,
    (page) => context.statistics.tags(repository, page),
    ({ tag }) => tag,
  );
  return json(200, shown({ countedSince: await countedSince(context), tags: entries, next }));
}

/** `GET /api/v1/pulls/manifests` */
export async function listManifestPulls(context: ApiContext): Promise<Reply> {
  const repository = await repositoryOf(context);
  const { entries, next } = await pageOf(
    context,
    (page) => context.statistics.manifests(repository, page),
    ({ digest }) => digest,
  );
  return json(200, shown({ countedSince: await countedSince(context), manifests: entries, next }));
}
