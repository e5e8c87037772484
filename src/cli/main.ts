import { Command, InvalidArgumentError } from 'commander';
import { addAccountCommands } from './account-commands.ts';
import { CALLED_AS } from './called-as.ts';
import type { CheckAuthOptions } from './commands/check-auth.ts';
import type { CheckConfigOptions } from './commands/check-config.ts';
import { addContentCommands } from './content-commands.ts';
import { addEventCommands } from './event-commands.ts';
import { withoutGlogFlags } from './glog-flags.ts';
import { plainSwitches } from './go-flags.ts';
import { restoreOddVariables } from './odd-variables.ts';
import { orExplain } from './process.ts';
import { addTokenServiceCommands } from './token-service-commands.ts';
import { version } from './version.ts';

restoreOddVariables(process.env);

// The data hold keys and hashes of passwords: nobody but owner and group is to read what is made here.
process.umask(0o027);

// Whoever read our output may have gone away, as `head` does. That is no reason to end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const EXIT_CODES = `
Exit code:
  0  nothing changes its meaning unseen
  1  something must be changed or decided first
  2  the configuration cannot be read`;

const AUTH_HELP = `
docker_auth's glog flags (--v=2, --alsologtostderr, --logtostderr, ...) are accepted.

--check opens no port, asks no server and changes nothing. It loads the modules
of plugin_authn and plugin_authz, without calling what they export.

Exit code of --check:
  0  berth auth can start with it; there may be warnings
  1  something is wrong
  2  the configuration cannot be read`;

function fromVersion(text: string): 2 | 3 {
  if (text !== '2' && text !== '3') throw new InvalidArgumentError('it is 2 or 3');
  return text === '2' ? 2 : 3;
}

const { args, verbosity } = withoutGlogFlags(process.argv.slice(2));
const program = new Command(CALLED_AS === 'registry' ? CALLED_AS : 'berth')
  .description('A private container registry with token authentication.')
  .version(`berth ${version()}`, '-v, --version', 'print the version')
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
  .command('check-config')
  .description('say what becomes of each option of a configuration of registry:2 or registry:3')
  .argument(
    '[config.yml]',
    'the configuration; without it, what serve would take. REGISTRY_* variables count',
  )
  .option('--from <2|3>', 'the registry that the configuration was written for', fromVersion)
  .option('--json', 'print for machines')
  .option('--strict', 'let what works differently count as a reason for exit code 1')
  .addHelpText('after', EXIT_CODES)
  .action((file: string | undefined, options: CheckConfigOptions) =>
    orExplain(async () => {
      const { checkConfig } = await import('./commands/check-config.ts');
      await checkConfig(file, options);
    }, 2),
  );

program
  .command('auth')
  .description('run the token service alone')
  .argument('<auth.yml>', "the configuration in docker_auth's form")
  .option('--check', 'only say what is wrong with the configuration and the files that it names')
  .option('--json', 'with --check: print for machines')
  .option('--strict', 'with --check: let warnings count as a reason for exit code 1')
  .addHelpText('after', AUTH_HELP)
  .action((file: string, options: CheckAuthOptions & { check?: boolean }) =>
    orExplain(
      async () => {
        if (options.check === true) {
          const { checkAuth } = await import('./commands/check-auth.ts');
          await checkAuth(file, options);
        } else {
          const { auth } = await import('./commands/auth.ts');
          await auth(file, verbosity);
        }
      },
      options.check === true ? 2 : 1,
    ),
  );

addContentCommands(program);
addAccountCommands(program);
addTokenServiceCommands(program);
addEventCommands(program);

const switches = ['-d', '--dry-run', '-m', '--delete-untagged', '-q', '--quiet'];
await program.parseAsync(plainSwitches(args, 'garbage-collect', switches), { from: 'user' });
