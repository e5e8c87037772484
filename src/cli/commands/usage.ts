import type { Index } from '../../index/index.ts';
import type { RepositoryUsage } from '../../index/usage.ts';
import { parseRepositoryName } from '../../oci/reference.ts';
import { inUnits } from '../../policy/bytes-text.ts';
import { decide, decidingEntry, type RepositoryRule } from '../../policy/repository-rules.ts';
import { openConfiguredState } from '../configuration.ts';
import { Failure } from '../failure.ts';

/** What the command line says. */
export interface UsageOptions {
  readonly json?: boolean;
  readonly recount?: boolean;
}

const PAGE = 200;

/** What a repository holds, and may hold; null: as much as it likes. */
interface Row extends RepositoryUsage {
  readonly maxBytes: number | null;
  readonly maxTags: number | null;
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
    if (options.recount === true) await recount(index, repository);
    const rows: Row[] = [];
    for await (const used of wanted(index, repository)) {
      const { maxBytes = null, maxTags = null } = decide(config.repositories, used.repository, 'quota') ?? {};
      rows.push({ ...used, maxBytes, maxTags });
    }
    if (options.json === true) say(JSON.stringify(rows, undefined, 2));
    else if (repository !== undefined) for (const row of rows) say(described(row, config.repositories));
    else say(table(rows));
  } finally {
    await index.close();
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function* wanted(index: Index, repository: string | undefined): AsyncGenerator<RepositoryUsage> {
  if (repository === undefined) {
    yield* all(index);
    return;
  }
  const name = parseRepositoryName(repository);
  const found = await index.usage.of(name);
  if (found === undefined) throw new Failure(`there is no repository ${JSON.stringify(repository)}`);
  yield { repository: name, ...found };
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
  for await (const used of wanted(index, repository)) {
    const { before: counted, now } = await index.usage.recount(used.repository);
    if (counted.bytes === now.bytes && counted.tags === now.tags) continue;
    process.stderr.write(
      `${used.repository}: counted ${counted.bytes} bytes and ${counted.tags} tags; there are ${now.bytes} and ${now.tags}\n`,
    );
  }
}

function held({ bytes, maxBytes, tags, maxTags }: Row): { bytes: string; tags: string } {
  return {
    bytes: maxBytes === null ? inUnits(bytes) : `${inUnits(bytes)} of ${inUnits(maxBytes)}`,
    tags: maxTags === null ? String(tags) : `${tags} of ${maxTags}`,
  };
}

function table(rows: readonly Row[]): string {
  if (rows.length === 0) return 'There are no repositories.';
  const cells = rows.map((row) => ({ repository: row.repository as string, ...held(row) }));
  const lines = [{ repository: 'REPOSITORY', bytes: 'BYTES', tags: 'TAGS' }, ...cells];
  const width = (column: 'repository' | 'bytes'): number =>
    Math.max(...lines.map((line) => line[column].length));
  const [first, second] = [width('repository'), width('bytes')];
  return lines
    .map(({ repository, bytes, tags }) => `${repository.padEnd(first)}  ${bytes.padEnd(second)}  ${tags}`)
    .join('\n');
}

function described(row: Row, rules: readonly RepositoryRule[]): string {
  const { bytes, tags } = held(row);
  const entry = decidingEntry(rules, row.repository, 'quota');
  const share = row.maxBytes === null ? '' : ` (${Math.floor((100 * row.bytes) / row.maxBytes)} %)`;
  return [
    row.repository,
    `  bytes  ${bytes}${share}`,
    `  tags   ${tags}`,
    `  quota  ${entry === undefined ? 'none' : `repositories[${entry}].quota`}`,
  ].join('\n');
}
