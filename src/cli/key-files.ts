import { readFileSync } from 'node:fs';
import { KeyMaterialError } from '../auth/token/signing-key.ts';
import type { ConfigDocument } from '../config/document.ts';
import type { Path } from '../config/node.ts';
import { reasonOf } from './failure.ts';

/**
 * Reads a file that the configuration names.
 * @throws ConfigError with the place at which it is named
 */
export function readNamedFile(document: ConfigDocument, path: Path, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw document.errorAt(path, `cannot read ${file}: ${reasonOf(error)}`);
  }
}

/**
 * Runs what uses the content of such a file, and names the place where that turns out to be of no use.
 * @throws ConfigError
 */
export async function usingFile<T>(
  document: ConfigDocument,
  path: Path,
  file: string,
  use: () => Promise<T> | T,
): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof KeyMaterialError) throw document.errorAt(path, `${file} ${error.message}`);
    throw error;
  }
}
