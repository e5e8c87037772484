import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';

/**
 * The absolute path of a program: looked up in PATH where its name has no slash. Empty and relative parts of PATH are
 * passed over, as by Go: what is run must not depend on the folder in which Berth was started.
 * @returns undefined where there is no such file that may be run
 */
export function findCommand(command: string, path: string): string | undefined {
  if (command.includes('/')) {
    const file = resolve(command);
    return isExecutable(file) ? file : undefined;
  }
  return path
    .split(':')
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, command))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
