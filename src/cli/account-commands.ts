import type { Command } from 'commander';
import type { AccountOptions } from './account-data.ts';
import type { RoleOptions } from './commands/role.ts';
import type { TokenOptions } from './commands/token.ts';
import type { UserOptions } from './commands/user.ts';
import type { ImportOptions } from './commands/user-import.ts';
import { collect, under } from './common-options.ts';
import { orExplain } from './process.ts';

const JSON_OPTION = ['--json', 'print for machines, one line for each'] as const;
const FORCE = ['--force', 'even the last administrator'] as const;
const EXPIRES = ['--expires <time>', 'when it ends, like 90d or 12h from now; otherwise it stays'] as const;
const PASSWORD_STDIN = [
  '--password-stdin',
  'read the password from standard input; otherwise a random one is made',
] as const;

/** Adds the commands about accounts, robots, access tokens, groups and roles. */
export function addAccountCommands(program: Command): void {
  addUserCommands(program);
  addRobotCommands(program);
  addTokenCommands(program);
  addGroupCommands(program);
  addRoleCommands(program);
}

function addUserCommands(program: Command): void {
  const user = program.command('user').description('manage the accounts of the built-in token service');
  const load = () => import('./commands/user.ts');
  under(user, 'add', 'create an account')
    .argument('<name>')
    .option('--admin', 'an administrator, who may do everything')
    .option(...PASSWORD_STDIN)
    .action((name: string, options: UserOptions & { admin?: boolean }) =>
      orExplain(async () => (await load()).addUser(name, options)),
    );
  under(user, 'passwd', 'change the password of an account')
    .argument('<name>')
    .option(...PASSWORD_STDIN)
    .action((name: string, options: UserOptions) =>
      orExplain(async () => (await load()).changePassword(name, options)),
    );
  under(user, 'disable', 'end the tokens of an account, and let nobody log in to it')
    .argument('<name>')
    .option(...FORCE)
    .action((name: string, options: UserOptions) =>
      orExplain(async () => (await load()).disableUser(name, options)),
    );
  under(user, 'enable', 'let an account that was disabled in again')
    .argument('<name>')
    .action((name: string, options: UserOptions) =>
      orExplain(async () => (await load()).enableUser(name, options)),
    );
  under(user, 'remove', 'remove an account, with its tokens and roles')
    .argument('<name>')
    .option(...FORCE)
    .action((name: string, options: UserOptions) =>
      orExplain(async () => (await load()).removeUser(name, options)),
    );
  under(user, 'list', 'list the accounts')
    .option(...JSON_OPTION)
    .action((options: UserOptions) => orExplain(async () => (await load()).listUsers(options)));
  under(user, 'import', 'take over accounts with their passwords, and tell what became of each')
    .option('--htpasswd <file>', 'a file that htpasswd -B writes')
    .option('--docker-auth <auth.yml>', 'the users of a configuration of docker_auth')
    .action((options: ImportOptions) =>
      orExplain(async () => (await import('./commands/user-import.ts')).importUsers(options)),
    );
}

function addRobotCommands(program: Command): void {
  const robot = program.command('robot').description('manage accounts of programs, which have tokens alone');
  const load = () => import('./commands/robot.ts');
  under(robot, 'add', 'create a robot, which may do nothing until it has a role')
    .argument('<name>')
    .option(...EXPIRES)
    .action((name: string, options: AccountOptions & { expires?: string }) =>
      orExplain(async () => (await load()).addRobot(name, options)),
    );
  under(robot, 'rotate', 'make a new token for a robot')
    .argument('<name>')
    .option('--overlap <time>', 'how long what it had before stays valid, like 1h; 0 ends it now', '1d')
    .action((name: string, options: AccountOptions & { overlap?: string }) =>
      orExplain(async () => (await load()).rotateRobot(name, options)),
    );
  under(robot, 'remove', 'remove a robot, with its tokens and roles')
    .argument('<name>')
    .action((name: string, options: AccountOptions) =>
      orExplain(async () => (await load()).removeRobot(name, options)),
    );
  under(robot, 'list', 'list the robots')
    .option(...JSON_OPTION)
    .action((options: AccountOptions) => orExplain(async () => (await load()).listRobots(options)));
}

function addTokenCommands(program: Command): void {
  const token = program.command('token').description('manage the access tokens of accounts');
  const load = () => import('./commands/token.ts');
  under(token, 'add', 'create a token, which stands in for the password')
    .argument('<account>')
    .option('--name <name>', 'to know it by', 'token')
    .option(
      '--limit <repositories:actions>',
      'only this of what the account may do, like team/**:pull,push; may be given several times',
      collect,
    )
    .option(...EXPIRES)
    .action((account: string, options: TokenOptions) =>
      orExplain(async () => (await load()).addToken(account, options)),
    );
  under(token, 'list', 'list the tokens of an account')
    .argument('<account>')
    .option(...JSON_OPTION)
    .action((account: string, options: AccountOptions) =>
      orExplain(async () => (await load()).listTokens(account, options)),
    );
  under(token, 'revoke', 'end a token, and what was issued for it')
    .argument('<account>')
    .argument('<name>')
    .action((account: string, name: string, options: AccountOptions) =>
      orExplain(async () => (await load()).revokeToken(account, name, options)),
    );
}

function addGroupCommands(program: Command): void {
  const group = program.command('group').description('manage groups of accounts');
  const load = () => import('./commands/group.ts');
  under(group, 'add', 'create a group')
    .argument('<group>')
    .action((name: string, options: AccountOptions) =>
      orExplain(async () => (await load()).addGroup(name, options)),
    );
  under(group, 'remove', 'remove a group, with its roles')
    .argument('<group>')
    .action((name: string, options: AccountOptions) =>
      orExplain(async () => (await load()).removeGroup(name, options)),
    );
  under(group, 'list', 'list the groups, or who is in one of them')
    .argument('[group]')
    .option(...JSON_OPTION)
    .action((name: string | undefined, options: AccountOptions) =>
      orExplain(async () => (await load()).listGroups(name, options)),
    );
  for (const verb of ['join', 'leave'] as const) {
    under(group, verb, verb === 'join' ? 'put an account into a group' : 'take an account out of a group')
      .argument('<group>')
      .argument('<account>')
      .action((name: string, account: string, options: AccountOptions) =>
        orExplain(async () => {
          const { joinGroup, leaveGroup } = await load();
          await (verb === 'join' ? joinGroup : leaveGroup)(name, account, options);
        }),
      );
  }
  under(group, 'map', 'put whoever has a label of another provider, such as a group of LDAP, into a group')
    .argument('<group>')
    .argument('<label=value>')
    .option('--remove', 'no longer')
    .action((name: string, mapping: string, options: AccountOptions & { remove?: boolean }) =>
      orExplain(async () => (await load()).mapGroup(name, mapping, options)),
    );
}

function addRoleCommands(program: Command): void {
  const role = program.command('role').description('manage who may do what in which repositories');
  const load = () => import('./commands/role.ts');
  const WHOSE = [
    ['--account <name>', 'the role of an account, of a person or of a robot'],
    ['--group <name>', 'the role of a group'],
  ] as const;
  const withWhose = (name: string, description: string): Command => {
    const command = under(role, name, description);
    return WHOSE.reduce((so, [flags, text]) => so.option(flags, text), command);
  };
  for (const verb of ['grant', 'revoke'] as const) {
    withWhose(verb, verb === 'grant' ? 'give a role' : 'take a role away')
      .argument('<role>', 'pull, push (and pull), delete (and pull), or admin')
      .argument('<repositories>', 'a pattern, such as team/app or team/**')
      .action((name: string, pattern: string, options: RoleOptions) =>
        orExplain(async () => {
          const { grantRole, revokeRole } = await load();
          await (verb === 'grant' ? grantRole : revokeRole)(name, pattern, options);
        }),
      );
  }
  withWhose('list', 'list the roles')
    .option(...JSON_OPTION)
    .action((options: RoleOptions) => orExplain(async () => (await load()).listRoles(options)));
}
