import type { Command } from 'commander';

/** Whose data a command is about. */
export const CONFIG_OPTION = [
  '-c, --config <config.yml>',
  'the configuration of the registry, which says where its data are',
] as const;

/** A command about the data of a registry or of a token service. */
export function under(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option(...CONFIG_OPTION)
    .option('--auth-config <auth.yml>', 'that of a token service alone, whose data: says where')
    .option('--data <folder>', 'the data folder itself');
}

/** Of an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
