import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { GarbageCollectOptions } from './commands/garbage-collect.ts';
import type { UserOptions } from './commands/user.ts';
import { withoutGlogFlags } from './glog-flags.ts';
import { plainSwitches } from './go-flags.ts';
import { orExplain } from './process.ts';

// The data hold keys and hashes of passwords: nobody but owner and group is to read what is made here.
process.umask(0o027);

// Whoever read our output may have gone away, as `head` does. That is no reason to end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const packageFile = new URL('../../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

const { args, verbosity } = withoutGlogFlags(process.argv.slice(2));
const program = new Command('berth')
  .description('A private container registry with token authentication.')
  .version(version, '-v, --version')
  .showHelpAfterError();

program
  .command('serve')
  .description('run the registry; without a file, with its own token service, on 127.0.0.1:5000, in ./data')
  .argument('[config.yml]', "the configuration in distribution's form; REGISTRY_* variables change it")
  .action((file: string | undefined) =>
    orExplain(async () => {
      const { serve } = await import('./commands/serve.ts');
      await serve(file);
    }),
  );

program
  .command('auth')
  .description('run the token service alone')
  .argument('<auth.yml>', "the configuration in docker_auth's form")
  .addHelpText(
    'after',
    "\ndocker_auth's glog flags (--v=2, --alsologtostderr, --logtostderr, ...) are accepted.",
  )
  .action((file: string) =>
    orExplain(async () => {
      const { auth } = await import('./commands/auth.ts');
      await auth(file, verbosity);
    }),
  );

program
  .command('garbage-collect')
  .description('remove what no manifest needs any more; a registry on the same data may go on running')
  .argument('[config.yml]', 'the configuration of the registry, which says where its data are')
  .option('-d, --dry-run', 'only say what would be removed')
  .option('-m, --delete-untagged', 'remove manifests too that nothing keeps: no tag, index or subject')
  .option('-q, --quiet', 'say nothing')
  .option('--grace <duration>', 'keep what was pushed within this time, like 30m or 24h', '1h')
  .action((file: string | undefined, options: GarbageCollectOptions) =>
    orExplain(async () => (await import('./commands/garbage-collect.ts')).garbageCollect(file, options)),
  );

const user = program.command('user').description('manage the accounts of the built-in token service');

function userCommand(name: string, description: string): Command {
  return user
    .command(name)
    .description(description)
    .option('-c, --config <config.yml>', 'the configuration of the registry, which says where its data are');
}

const PASSWORD_STDIN = [
  '--password-stdin',
  'read the password from standard input; otherwise a random one is made',
] as const;

userCommand('add', 'create an account')
  .argument('<name>')
  .option('--admin', 'an administrator, who may do everything')
  .option(...PASSWORD_STDIN)
  .action((name: string, options: UserOptions & { admin?: boolean }) =>
    orExplain(async () => (await import('./commands/user.ts')).addUser(name, options)),
  );
userCommand('passwd', 'change the password of an account')
  .argument('<name>')
  .option(...PASSWORD_STDIN)
  .action((name: string, options: UserOptions) =>
    orExplain(async () => (await import('./commands/user.ts')).changePassword(name, options)),
  );
userCommand('remove', 'remove an account')
  .argument('<name>')
  .action((name: string, options: UserOptions) =>
    orExplain(async () => (await import('./commands/user.ts')).removeUser(name, options)),
  );
userCommand('list', 'list the accounts').action((options: UserOptions) =>
  orExplain(async () => (await import('./commands/user.ts')).listUsers(options)),
);

const switches = ['-d', '--dry-run', '-m', '--delete-untagged', '-q', '--quiet'];
await program.parseAsync(plainSwitches(args, 'garbage-collect', switches), { from: 'user' });
