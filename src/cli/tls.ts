import { createSecureContext } from 'node:tls';
import type { ConfigDocument } from '../config/document.ts';
import type { Path } from '../config/node.ts';
import type { TlsMaterial } from '../http/server.ts';
import { readNamedFile } from './key-files.ts';

/**
 * Reads certificate and key of a server.
 * @param section where the two are named, by `certificate` and `key`
 * @throws ConfigError
 */
export function loadTls(
  document: ConfigDocument,
  section: Path,
  files: { readonly certificate: string; readonly key: string } | undefined,
  minVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.2',
): TlsMaterial | undefined {
  if (files === undefined) return undefined;
  const cert = readNamedFile(document, [...section, 'certificate'], files.certificate);
  const key = readNamedFile(document, [...section, 'key'], files.key);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw document.errorAt(
      [...section, 'key'],
      `${files.certificate} and ${files.key} cannot be used together: ${reason}`,
    );
  }
  return { cert, key, minVersion };
}
