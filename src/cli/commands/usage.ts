import type { Index } from '../../index/index.ts';
import type { Usage } from '../../index/limits.ts';
import type { Recount, RepositoryUsage } from '../../index/usage.ts';
import { assignAllowances } from '../../lifecycle/assign-allowances.ts';
import { parseRepositoryName } from '../../oci/reference.ts';
import { inUnits } from '../../policy/bytes-text.ts';
import { quotaOf, type RepositoryQuota } from '../../policy/quota-of.ts';
import { openConfiguredState } from '../configuration.ts';
import { Failure } from '../failure.ts';
import { say } from '../say.ts';

/** What the command line says. */
export interface UsageOptions {
  readonly json?: boolean;
  readonly recount?: boolean;
}

const PAGE = 200;

/** What a repository holds, and the quota that counts for it. */
interface Row {
  readonly used: RepositoryUsage;
  readonly quota: RepositoryQuota | undefined;
  /** What all hold that share the quota. */
  readonly together: Usage | undefined;
}

/**
 * `berth usage [config.yml] [repository]`, beside a running registry or alone.
 * @throws ConfigError, Failure, InvalidValueError
 */
export async function usage(
  file: string | undefined,
  repository: string | undefined,
  options: UsageOptions,
): Promise<void> {
  const { config, index } = await openConfiguredState(file);
  try {
    // The rules may be newer than what a registry has read.
    await assignAllowances(index.usage, config.repositories);
    if (options.recount === true) await recount(index, repository);
    const rows: Row[] = [];
    for await (const used of wanted(index, repository)) {
      const quota = quotaOf(config.repositories, used.repository);
      const { allowance } = quota ?? {};
      const together = allowance === undefined ? undefined : await index.usage.ofAllowance(allowance);
      rows.push({ used, quota, together });
    }
    if (options.json === true) say(JSON.stringify(rows.map(forMachines), undefined, 2));
    else if (repository !== undefined) for (const row of rows) say(described(row));
    else say(table(rows));
  } finally {
    await index.close();
  }
}

async function* wanted(index: Index, repository: string | undefined): AsyncGenerator<RepositoryUsage> {
  if (repository === undefined) {
    yield* all(index);
    return;
  }
  const name = parseRepositoryName(repository);
  for await (const used of all(index)) {
    if (used.repository !== name) continue;
    yield used;
    return;
  }
  throw new Failure(`there is no repository ${JSON.stringify(repository)}`);
}

async function* all(index: Index): AsyncGenerator<RepositoryUsage> {
  for (let after: string | undefined; ; ) {
    const page: RepositoryUsage[] = await index.usage.list({ after, limit: PAGE });
    yield* page;
    after = page.at(-1)?.repository;
    if (page.length < PAGE) return;
  }
}

async function recount(index: Index, repository: string | undefined): Promise<void> {
  const allowances = new Set<string>();
  for await (const { repository: name, allowance } of wanted(index, repository)) {
    if (allowance !== undefined) allowances.add(allowance);
    tellDifference(name, await index.usage.recount(name));
  }
  for (const name of allowances) tellDifference(name, await index.usage.recountAllowance(name));
}

function tellDifference(name: string, counted: Recount | undefined): void {
  if (counted === undefined) return;
  const { before, now } = counted;
  if (before.bytes === now.bytes && before.tags === now.tags) return;
  process.stderr.write(
    `${name}: counted ${before.bytes} bytes and ${before.tags} tags; there are ${now.bytes} and ${now.tags}\n`,
  );
}

function forMachines({ used: { repository, bytes, tags }, quota, together }: Row): unknown {
  const { maxBytes = null, maxTags = null, allowance = null } = quota ?? {};
  return { repository, bytes, tags, maxBytes, maxTags, allowance, together: together ?? null };
}

function bytesOf({ used, quota, together }: Row): string {
  const own = inUnits(used.bytes);
  if (quota?.maxBytes === undefined) return own;
  const max = inUnits(quota.maxBytes);
  return together === undefined
    ? `${own} of ${max}`
    : `${own} (together ${inUnits(together.bytes)} of ${max})`;
}

function tagsOf({ used, quota, together }: Row): string {
  const own = String(used.tags);
  if (quota?.maxTags === undefined) return own;
  return together === undefined
    ? `${own} of ${quota.maxTags}`
    : `${own} (together ${together.tags} of ${quota.maxTags})`;
}

function table(rows: readonly Row[]): string {
  if (rows.length === 0) return 'There are no repositories.';
  const lines = [
    ['REPOSITORY', 'BYTES', 'TAGS'] as const,
    ...rows.map((row) => [row.used.repository, bytesOf(row), tagsOf(row)] as const),
  ];
  const [first, second] = [0, 1].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map(([name, bytes, tags]) => `${name.padEnd(first ?? 0)}  ${bytes.padEnd(second ?? 0)}  ${tags}`)
    .join('\n');
}

function described(row: Row): string {
  const { used, quota, together } = row;
  const share =
    quota?.maxBytes === undefined
      ? ''
      : ` (${Math.floor((100 * (together ?? used).bytes) / quota.maxBytes)} %)`;
  const shared = quota?.allowance === undefined ? '' : `, shared by ${quota.allowance}`;
  return [
    used.repository,
    `  bytes  ${bytesOf(row)}${share}`,
    `  tags   ${tagsOf(row)}`,
    `  quota  ${quota === undefined ? 'none' : quota.key}${shared}`,
  ].join('\n');
}
