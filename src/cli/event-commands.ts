import type { Command } from 'commander';
import type { EventsOptions } from './commands/events.ts';
import { CONFIG_OPTION } from './common-options.ts';
import { orExplain } from './process.ts';

/** Adds the commands about notifications. */
export function addEventCommands(program: Command): void {
  const events = program.command('events').description('look at notifications, and send them again');

  function eventsCommand(name: string, description: string): Command {
    return events
      .command(name)
      .description(description)
      .option(...CONFIG_OPTION)
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
  eventsCommand('replay', 'send events again; works while the registry runs').action(
    (options: EventsOptions) =>
      orExplain(async () => (await import('./commands/events.ts')).replayEvents(options)),
  );
}
