import type { Index } from '../../index/index.ts';
import type { ManifestStatistics, PullStatistics, TagStatistics } from '../../index/pulls.ts';
import { InvalidValueError } from '../../oci/invalid.ts';
import { parseRepositoryName, type RepositoryName } from '../../oci/reference.ts';
import { openConfiguredState } from '../configuration.ts';
import { Failure } from '../failure.ts';
import { say } from '../say.ts';

const PAGE = 1_000;

/** What the command line says. */
export interface StatsOptions {
  /** The registry's config.yml, where it has one: it says where the data are. */
  readonly config?: string;
  readonly json?: boolean;
}

interface RepositoryStatistics extends PullStatistics {
  readonly repository: RepositoryName;
  readonly tags: number;
  readonly manifests: number;
}

async function* all<T>(
  read: (page: { after: string | undefined; limit: number }) => Promise<readonly T[]>,
  position: (entry: T) => string,
): AsyncGenerator<T> {
  for (let after: string | undefined; ; ) {
    const entries = await read({ after, limit: PAGE });
    yield* entries;
    const last = entries.at(-1);
    if (last === undefined || entries.length < PAGE) return;
    after = position(last);
  }
}

function tagsOf({ pulls }: Index, repository: RepositoryName): AsyncGenerator<TagStatistics> {
  return all(
    (page) => pulls.tags(repository, page),
    ({ tag }) => tag,
  );
}

function manifestsOf({ pulls }: Index, repository: RepositoryName): AsyncGenerator<ManifestStatistics> {
  return all(
    (page) => pulls.manifests(repository, page),
    ({ digest }) => digest,
  );
}

/** A pull by tag is one of the manifest, too: those of manifests are all pulls. */
async function sumOf(index: Index, repository: RepositoryName): Promise<RepositoryStatistics> {
  let [tags, manifests, pulls] = [0, 0, 0];
  let lastAtMs: number | undefined;
  for await (const _ of tagsOf(index, repository)) tags += 1;
  for await (const manifest of manifestsOf(index, repository)) {
    manifests += 1;
    pulls += manifest.pulls;
    if (manifest.lastAtMs !== undefined) lastAtMs = Math.max(lastAtMs ?? 0, manifest.lastAtMs);
  }
  return { repository, tags, manifests, pulls, lastAtMs };
}

function timeOf({ lastAtMs }: PullStatistics): string | null {
  return lastAtMs === undefined ? null : new Date(lastAtMs).toISOString();
}

function forMachines<T extends PullStatistics>(entry: T): unknown {
  const { lastAtMs: _, ...rest } = entry;
  return { ...rest, lastPulled: timeOf(entry) };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function pulled(entry: PullStatistics): string {
  const last = timeOf(entry);
  return last === null ? 'never pulled' : `${counted(entry.pulls, 'pull')}, last ${last}`;
}

async function showAll(index: Index, { json }: StatsOptions): Promise<void> {
  const since = new Date(await index.pulls.countedSinceMs()).toISOString();
  const rows: RepositoryStatistics[] = [];
  for await (const name of all(
    (page) => index.tags.repositories(page),
    (repository) => repository,
  )) {
    rows.push(await sumOf(index, name));
  }
  if (json === true) return say(JSON.stringify({ since, repositories: rows.map(forMachines) }, null, 2));
  say(`Pulls are counted since ${since}.`);
  for (const row of rows) {
    const { repository, tags, manifests } = row;
    say(`${repository}\t${counted(tags, 'tag')}\t${counted(manifests, 'manifest')}\t${pulled(row)}`);
  }
}

async function showOne(index: Index, name: RepositoryName, { json }: StatsOptions): Promise<void> {
  if ((await index.tags.list(name, { after: undefined, limit: 1 })) === undefined) {
    throw new Failure(`there is no repository ${JSON.stringify(name)}; berth stats alone lists all`);
  }
  const since = new Date(await index.pulls.countedSinceMs()).toISOString();
  const tags = await Array.fromAsync(tagsOf(index, name));
  const manifests = await Array.fromAsync(manifestsOf(index, name));
  if (json === true) {
    const document = {
      since,
      repository: name,
      tags: tags.map(forMachines),
      manifests: manifests.map(forMachines),
    };
    return say(JSON.stringify(document, null, 2));
  }
  say(`Pulls are counted since ${since}.`);
  for (const entry of tags) say(`${name}:${entry.tag}\t${entry.digest}\t${pulled(entry)}`);
  for (const entry of manifests) say(`${name}@${entry.digest}\t${entry.mediaType}\t${pulled(entry)}`);
}

function repositoryName(text: string): RepositoryName {
  try {
    return parseRepositoryName(text);
  } catch (error) {
    if (error instanceof InvalidValueError) throw new Failure(error.message, { cause: error });
    throw error;
  }
}

/**
 * `berth stats [repository]`: how often tags and manifests were pulled, and when last.
 * @throws ConfigError, Failure
 */
export async function stats(repository: string | undefined, options: StatsOptions): Promise<void> {
  const name = repository === undefined ? undefined : repositoryName(repository);
  const { index } = await openConfiguredState(options.config);
  try {
    await (name === undefined ? showAll(index, options) : showOne(index, name, options));
  } finally {
    await index.close();
  }
}
