import { readFileSync } from 'node:fs';
import { configError } from './config-error.ts';

/**
 * The text of a configuration file. Relative paths are relative to the working directory.
 *
 * @throws ConfigError when it cannot be read or is not UTF-8
 */
export function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw configError({ kind: 'whole-file', file }, `cannot be read: ${reason(error)}`, error);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw configError({ kind: 'whole-file', file }, 'is not UTF-8 text', error);
  }
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
