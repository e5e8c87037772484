import { readFileSync } from 'node:fs';

/** Berth's own version. */
export function version(): string {
  const packageFile = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;
}
