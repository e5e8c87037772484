import { Command, InvalidArgumentError } from 'commander';
import { addAccountCommands, collect, under } from './account-commands.ts';
import { CALLED_AS } from './called-as.ts';
import type { CheckAuthOptions } from './commands/check-auth.ts';
import type { CheckConfigOptions } from './commands/check-config.ts';
import type { EventsOptions } from './commands/events.ts';
import type { ExplainOptions } from './commands/explain.ts';
import type { ExplainAccessOptions } from './commands/explain-access.ts';
import type { GarbageCollectOptions } from './commands/garbage-collect.ts';
import type { KeysOptions } from './commands/keys.ts';
import type { LoginOptions } from './commands/login.ts';
import type { QuarantineOptions } from './commands/quarantine.ts';
import type { RetentionCommandOptions } from './commands/retention.ts';
import type { StatsOptions } from './commands/stats.ts';
import type { TakeOverOptions } from './commands/takeover.ts';
import type { DeletedOptions } from './commands/undelete.ts';
import type { UsageOptions } from './commands/usage.ts';
import type { VerifyCommandOptions } from './commands/verify.ts';
import { withoutGlogFlags } from './glog-flags.ts';
import { plainSwitches } from './go-flags.ts';
import { restoreOddVariables } from './odd-variables.ts';
import { orExplain } from './process.ts';
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

const TAKEOVER_EXIT_CODES = `
Exit code:
  0  all is taken over, and nothing is missing or damaged
  1  all is taken over, and something is missing or damaged: see --report
  2  not all is taken over`;

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
  .option('-c, --config <config.yml>', 'the configuration of the registry, which says where its data are')
  .option('--json', 'print for machines')
  .action((repository: string | undefined, options: StatsOptions) =>
    orExplain(async () => (await import('./commands/stats.ts')).stats(repository, options)),
  );

const VERIFY_EXIT_CODES = `
Exit code:
  0  no damage was found
  1  something is damaged, or a manifest is not whole
  2  it could not run, or was stopped before the end`;

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
const CONFIG = [
  '-c, --config <config.yml>',
  'the configuration of the registry, which says where its data are',
] as const;

program
  .command('deleted')
  .description('list what was deleted, or what tags pointed to, and can be brought back, the latest first')
  .argument('[repository]', 'only of this one')
  .option(...CONFIG)
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
  .option(...CONFIG)
  .option('--move', 'move the tag where it points elsewhere by now')
  .option('--no-tags', 'of a digest: leave its tags as they are')
  .option('--json', 'print for machines')
  .action((image: string, options: DeletedOptions & { move?: boolean; tags?: boolean }) =>
    orExplain(async () => (await import('./commands/undelete.ts')).undelete(image, options)),
  );

const explain = program
  .command('explain')
  .description('say why something is kept, was removed, or is missing, and who may do what');

function explainCommand(name: string, argument: string, description: string): Command {
  return explain
    .command(name)
    .description(description)
    .argument(argument)
    .option(...CONFIG)
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
  .option(...CONFIG)
  .option('--json', 'print for machines')
  .action((options: QuarantineOptions & { json?: boolean }) =>
    orExplain(async () => (await import('./commands/quarantine.ts')).listQuarantine(options)),
  );
quarantine
  .command('discard')
  .description('remove damaged bytes; what was not healed still waits for its push')
  .argument('[digests...]')
  .option(...CONFIG)
  .option('--healed', 'those of all that was healed')
  .action((digests: readonly string[], options: QuarantineOptions & { healed?: boolean }) =>
    orExplain(async () => (await import('./commands/quarantine.ts')).discardQuarantine(digests, options)),
  );

addAccountCommands(program);

const login = program
  .command('login')
  .description('see and end the logins that clients keep in place of a password');

function loginCommand(name: string, description: string): Command {
  return under(login, name, description).option('--account <name>', 'those to this account');
}

loginCommand('list', 'list the logins, the latest used first')
  .option('--json', 'print for machines, one object a line')
  .action((options: LoginOptions & { json?: boolean }) =>
    orExplain(async () => (await import('./commands/login.ts')).listLogins(options)),
  );
loginCommand('revoke', 'end logins; works while the registry runs')
  .argument('[ids...]', 'what list shows')
  .action((ids: readonly string[], options: LoginOptions) =>
    orExplain(async () => (await import('./commands/login.ts')).revokeLogins(ids, options)),
  );

const keys = program
  .command('keys')
  .description('see and change the keys that sign tokens; works while the registry runs');

function keysCommand(name: string, description: string): Command {
  return under(keys, name, description).option(
    '--service <name>',
    "of this service, which has keys of its own; otherwise those of all others' tokens",
  );
}

keysCommand('list', 'list the keys, that which signs last first')
  .option('--json', 'print for machines, one object a line')
  .action((options: KeysOptions & { json?: boolean }) =>
    orExplain(async () => (await import('./commands/keys.ts')).listKeys(options)),
  );
keysCommand('rotate', 'make the key that signs next; it is published at once, and signs after the overlap')
  .option('--after <duration>', 'let it sign after this time, like 10m')
  .option('--now', 'let it sign within seconds')
  .action((options: KeysOptions & { after?: string; now?: boolean }) =>
    orExplain(async () => (await import('./commands/keys.ts')).rotateKeys(options)),
  );
keysCommand('retire', 'remove a key that does not sign, with all that it has signed')
  .argument('<id>')
  .action((id: string, options: KeysOptions) =>
    orExplain(async () => (await import('./commands/keys.ts')).retireKey(id, options)),
  );

const events = program.command('events').description('look at notifications, and send them again');

function eventsCommand(name: string, description: string): Command {
  return events
    .command(name)
    .description(description)
    .option('-c, --config <config.yml>', 'the configuration of the registry, which says where its data are')
    .option('--endpoint <name>', 'those for one endpoint')
    .option('--parked', 'those that were given up')
    .option(
      '--since <time>',
      'those of the last 24h, 90m, ..., or since a time such as 2026-01-31T12:00:00Z',
    );
}

eventsCommand('list', 'list events and whether they were delivered, the newest first')
  .option('--limit <n>', 'at most so many', '100')
  .action((options: EventsOptions & { limit?: string }) =>
    orExplain(async () => (await import('./commands/events.ts')).listEvents(options)),
  );
eventsCommand('replay', 'send events again; works while the registry runs').action((options: EventsOptions) =>
  orExplain(async () => (await import('./commands/events.ts')).replayEvents(options)),
);

const switches = ['-d', '--dry-run', '-m', '--delete-untagged', '-q', '--quiet'];
await program.parseAsync(plainSwitches(args, 'garbage-collect', switches), { from: 'user' });
