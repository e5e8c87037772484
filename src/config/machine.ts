import { accessSync, constants, statSync } from 'node:fs';

/** What a check wants to know of the machine that it runs on. */
export interface Machine {
  canRead(file: string): boolean;
  isFolder(path: string): boolean;
}

/** The real one. */
export const THIS_MACHINE: Machine = {
  canRead(file) {
    try {
      accessSync(file, constants.R_OK);
      return true;
    } catch {
      return false;
    }
  },
  isFolder: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
};
