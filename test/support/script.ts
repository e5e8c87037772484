import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes a program of `sh` that may be run. @returns its path */
export function shellScript(folder: string, name: string, lines: readonly string[]): string {
  const file = join(folder, name);
  writeFileSync(file, ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });
  return file;
}
