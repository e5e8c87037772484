import type { Command } from 'commander';
import type { GarbageCollectOptions } from './commands/garbage-collect.ts';
import type { QuarantineOptions } from './commands/quarantine.ts';
import type { RetentionCommandOptions } from './commands/retention.ts';
import type { StatsOptions } from './commands/stats.ts';
import type { TakeOverOptions } from './commands/takeover.ts';
import type { DeletedOptions } from './commands/undelete.ts';
import type { UsageOptions } from './commands/usage.ts';
import type { VerifyCommandOptions } from './commands/verify.ts';
import { CONFIG_OPTION } from './common-options.ts';
import { addExplainCommands } from './explain-commands.ts';
import { orExplain } from './process.ts';

const VERIFY_EXIT_CODES = `
Exit code:
  0  no damage was found
  1  something is damaged, or a manifest is not whole
  2  it could not run, or was stopped before the end`;

const TAKEOVER_EXIT_CODES = `
Exit code:
  0  all is taken over, and nothing is missing or damaged
  1  all is taken over, and something is missing or damaged: see --report
  2  not all is taken over`;

/** Adds the commands about what a registry keeps. */
export function addContentCommands(program: Command): void {
  program
    .command('garbage-collect')
    .description('remove what no manifest needs any more; a registry on the same data may go on running')
    .argument('[config.yml]', 'the configuration of the registry, which says where its data are')
    .option('-d, --dry-run', 'only say what would be removed')
    .option('-m, --delete-untagged', 'remove manifests too that nothing keeps: no tag, index or subject')
    .option('-q, --quiet', 'say nothing')
    .option('--grace <duration>', 'keep what was pushed within this time, like 30m or 24h', '1h')
    .option(
      '--keep-deleted <duration>',
      'another time than that of the configuration; 0 frees now what was deleted',
    )
    .action((file: string | undefined, options: GarbageCollectOptions) =>
      orExplain(async () => (await import('./commands/garbage-collect.ts')).garbageCollect(file, options)),
    );

  program
    .command('usage')
    .description(
      'say how much each repository holds, and may hold; a registry on the same data may go on running',
    )
    .argument('[config.yml]', 'the configuration of the registry, which says where its data are')
    .argument('[repository]', 'this one only, with the rule that decides')
    .option('--json', 'print for machines')
    .option('--recount', 'count anew what is there, and correct what was counted before')
    .action((file: string | undefined, repository: string | undefined, options: UsageOptions) =>
      orExplain(async () => (await import('./commands/usage.ts')).usage(file, repository, options)),
    );

  program
    .command('retention')
    .description(
      'remove the tags that no rule of retention keeps; a registry on the same data may go on running',
    )
    .argument('[config.yml]', 'the configuration of the registry, which has the rules')
    .option('-d, --dry-run', 'only say what would become of each tag, why, and how much it would free')
    .option(
      '--at <time>',
      'with --dry-run: as if it were 2026-01-31T12:00:00Z, in 720h, or 720h ago (--at=-720h)',
    )
    .option('--grace <duration>', 'keep what was pushed within this time, like 30m or 24h', '1h')
    .option('--json', 'print for machines')
    .action((file: string | undefined, options: RetentionCommandOptions) =>
      orExplain(async () => (await import('./commands/retention.ts')).retention(file, options)),
    );

  program
    .command('stats')
    .description('show how often tags and manifests were pulled, and when last')
    .argument('[repository]', 'tags and manifests of this one; without it, a line for each repository')
    .option(...CONFIG_OPTION)
    .option('--json', 'print for machines')
    .action((repository: string | undefined, options: StatsOptions) =>
      orExplain(async () => (await import('./commands/stats.ts')).stats(repository, options)),
    );

  program
    .command('verify')
    .description(
      'read everything that is stored again and compare it with its digests; a registry may go on running',
    )
    .argument('[config.yml]', 'the configuration of the registry, which says where its data are')
    .option('--bandwidth <rate>', 'read at most so fast; 0 for no bound', '50MB/s')
    .option('--quarantine', 'set aside what is damaged, so that clients push it again')
    .option('--orphans', 'look for stored objects too that the index does not know')
    .option('--after <digest>', 'go on with a verification that was stopped')
    .option('--json', 'print for machines')
    .option('-q, --quiet', 'say only what is wrong')
    .addHelpText('after', VERIFY_EXIT_CODES)
    .action((file: string | undefined, options: VerifyCommandOptions) =>
      orExplain(async () => (await import('./commands/verify.ts')).verify(file, options), 2),
    );

  const quarantine = program
    .command('quarantine')
    .description('look at what verify set aside, and remove the damaged bytes');
  program
    .command('deleted')
    .description('list what was deleted, or what tags pointed to, and can be brought back, the latest first')
    .argument('[repository]', 'only of this one')
    .option(...CONFIG_OPTION)
    .option('--json', 'print for machines, one object a line')
    .action((repository: string | undefined, options: DeletedOptions) =>
      orExplain(async () => (await import('./commands/undelete.ts')).listDeleted(repository, options)),
    );

  program
    .command('undelete')
    .description('bring back what was deleted; works while the registry runs')
    .argument(
      '<repository[:tag|@digest]>',
      'where a tag pointed, a manifest with its tags, or all of a repository',
    )
    .option(...CONFIG_OPTION)
    .option('--move', 'move the tag where it points elsewhere by now')
    .option('--no-tags', 'of a digest: leave its tags as they are')
    .option('--json', 'print for machines')
    .action((image: string, options: DeletedOptions & { move?: boolean; tags?: boolean }) =>
      orExplain(async () => (await import('./commands/undelete.ts')).undelete(image, options)),
    );

  addExplainCommands(program);

  program
    .command('takeover')
    .description(
      'take over what registry:2 or registry:3 left in the data folder, in place; serve does so by itself',
    )
    .argument('[config.yml]', 'the configuration of the registry, which says where its data are')
    .option('--report', 'only tell what was found, with each place, what it means and what to do')
    .option('--again', 'take in also what the other registry stored since the last time')
    .option('--json', 'print for machines')
    .addHelpText('after', TAKEOVER_EXIT_CODES)
    .action((file: string | undefined, options: TakeOverOptions) =>
      orExplain(async () => (await import('./commands/takeover.ts')).takeOver(file, options), 2),
    );

  quarantine
    .command('list')
    .description('list what was set aside, the oldest first')
    .option(...CONFIG_OPTION)
    .option('--json', 'print for machines')
    .action((options: QuarantineOptions & { json?: boolean }) =>
      orExplain(async () => (await import('./commands/quarantine.ts')).listQuarantine(options)),
    );
  quarantine
    .command('discard')
    .description('remove damaged bytes; what was not healed still waits for its push')
    .argument('[digests...]')
    .option(...CONFIG_OPTION)
    .option('--healed', 'those of all that was healed')
    .action((digests: readonly string[], options: QuarantineOptions & { healed?: boolean }) =>
      orExplain(async () => (await import('./commands/quarantine.ts')).discardQuarantine(digests, options)),
    );
}
