/** Flags of glog that take a value; the others are switches. */
const WITH_VALUE = new Set(['v', 'vmodule', 'stderrthreshold', 'log_dir', 'log_backtrace_at', 'log_link']);
const SWITCHES = new Set(['alsologtostderr', 'logtostderr']);

/**
 * Takes docker_auth's glog flags out of the arguments of `berth auth`, since deployments pass them: `--v=2`, `-v=2`,
 * `-v 2`, `--alsologtostderr`, `-logtostderr=true`, and the rest. Only the verbosity has a meaning here.
 */
export function withoutGlogFlags(args: readonly string[]): { args: string[]; verbosity: number } {
  if (args.find((arg) => !arg.startsWith('-')) !== 'auth') return { args: [...args], verbosity: 0 };
  const kept: string[] = [];
  let verbosity = 0;
  for (let position = 0; position < args.length; position += 1) {
    const arg = args[position] ?? '';
    const [, name, inline] = /^--?([a-z_]+)(?:=(.*))?$/.exec(arg) ?? [];
    if (name !== undefined && WITH_VALUE.has(name)) {
      const value = inline ?? args[position + 1];
      if (inline === undefined) position += 1;
      if (name === 'v') verbosity = Number(value) || 0;
    } else if (name === undefined || !SWITCHES.has(name)) {
      kept.push(arg);
    }
  }
  return { args: kept, verbosity };
}
