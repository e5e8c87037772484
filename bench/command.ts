import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Workspace } from './workspace.ts';

const execute = promisify(execFile);

/**
 * Runs a short command to its end.
 * @returns what it wrote to standard output.
 * @throws with the command's own error text when it cannot be started or fails.
 */
export async function run(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(command, args, { encoding: 'utf8' });
  return stdout;
}

/** What the command prints, or undefined where it is not installed. Its exit code says nothing here. */
export async function outputOf(command: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, args, { encoding: 'utf8' }, (error, stdout, stderr) => {
      const missing = error !== null && (error.code === 'ENOENT' || error.code === 'EACCES');
      resolve(missing ? undefined : `${stdout}${stderr}`.trim());
    });
  });
}

/** As {@link run}, for a program that runs for seconds: it does not outlive the bench. */
export async function runChild(
  workspace: Workspace,
  command: string,
  args: readonly string[],
): Promise<string> {
  const running = execute(command, args, { encoding: 'utf8' });
  const { pid } = running.child;
  if (pid !== undefined) workspace.owns(pid);
  try {
    return (await running).stdout;
  } finally {
    if (pid !== undefined) workspace.released(pid);
  }
}
