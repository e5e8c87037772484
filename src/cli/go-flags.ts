const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/**
 * Switches as Go programs take them, in the form of plain ones: `--delete-untagged=true` becomes
 * `--delete-untagged`, and `-m=false` goes. Cron jobs for registry:2 are written so. Any other value stays, to be
 * refused. Source: spf13/pflag, bool.go, and Go's `strconv.ParseBool`.
 */
export function plainSwitches(args: readonly string[], command: string, names: readonly string[]): string[] {
  if (args.find((arg) => !arg.startsWith('-')) !== command) return [...args];
  return args.flatMap((arg) => {
    const [, name = '', value = ''] = /^(--?[a-z-]+)=(.*)$/.exec(arg) ?? [];
    if (!names.includes(name)) return [arg];
    if (TRUE.has(value)) return [name];
    return FALSE.has(value) ? [] : [arg];
  });
}
