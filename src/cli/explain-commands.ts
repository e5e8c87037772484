import type { Command } from 'commander';
import type { ExplainOptions } from './commands/explain.ts';
import type { ExplainAccessOptions } from './commands/explain-access.ts';
import { CONFIG_OPTION, collect, under } from './common-options.ts';
import { orExplain } from './process.ts';

/** Adds the commands that say why. */
export function addExplainCommands(program: Command): void {
  const explain = program
    .command('explain')
    .description('say why something is kept, was removed, or is missing, and who may do what');

  function explainCommand(name: string, argument: string, description: string): Command {
    return explain
      .command(name)
      .description(description)
      .argument(argument)
      .option(...CONFIG_OPTION)
      .option('--json', 'print for machines');
  }

  under(
    explain,
    'access',
    'what an account may do, with every rule that is tried; asks what it would ask for a token',
  )
    .requiredOption('--account <name>', "who; '' for whoever does not log in")
    .requiredOption('--repository <name>', 'the name of the repository')
    .requiredOption('--action <actions>', 'what is wanted, such as pull,push')
    .option('--type <type>', 'the kind of thing that is named', 'repository')
    .option('--service <name>', 'the registry that asks, as its tokens name it')
    .option('--address <ip>', 'the address of the client')
    .option('--token <name>', 'with an access token of the account, by name or id')
    .option('--group <name>', 'as if the account were in it; may be given several times', collect)
    .option('--label <name=value>', 'as if the account had it; may be given several times', collect)
    .option('--json', 'print for machines')
    .action((options: ExplainAccessOptions) =>
      orExplain(async () => (await import('./commands/explain-access.ts')).explainAccess(options)),
    );
  explainCommand('blob', '<digest>', 'why a layer, or another blob, is here or is not')
    .option('--repository <name>', 'only in this repository')
    .action((digest: string, options: ExplainOptions & { repository?: string }) =>
      orExplain(async () => (await import('./commands/explain.ts')).explainBlob(digest, options)),
    );
  explainCommand('manifest', '<repository@digest>', 'why a manifest is here or is not').action(
    (image: string, options: ExplainOptions) =>
      orExplain(async () => (await import('./commands/explain.ts')).explainManifest(image, options)),
  );
  explainCommand('tag', '<repository:tag>', 'what a tag points to, or what became of it').action(
    (image: string, options: ExplainOptions) =>
      orExplain(async () => (await import('./commands/explain.ts')).explainTag(image, options)),
  );
}
