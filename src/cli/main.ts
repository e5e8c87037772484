import { Command } from 'commander';
import type { UserOptions } from './commands/user.ts';
import { withoutGlogFlags } from './glog-flags.ts';
import { orExplain } from './process.ts';
import { version } from './version.ts';

// The data hold keys and hashes of passwords: nobody but owner and group is to read what is made here.
process.umask(0o027);

// Whoever read our output may have gone away, as `head` does. That is no reason to end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const { args, verbosity } = withoutGlogFlags(process.argv.slice(2));
const program = new Command('berth')
  .description('A private container registry with token authentication.')
  .version(version(), '-v, --version')
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

await program.parseAsync(args, { from: 'user' });
