import type { Command } from 'commander';
import type { KeysOptions } from './commands/keys.ts';
import type { LoginOptions } from './commands/login.ts';
import { under } from './common-options.ts';
import { orExplain } from './process.ts';

/** Adds the commands about the logins that are kept and the keys that sign. */
export function addTokenServiceCommands(program: Command): void {
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
}
