import { AccessTokens } from '../../auth/login/gcs/access-token.ts';
import { GcsTokenDatabase } from '../../auth/login/gcs/gcs-database.ts';
import { USUAL_PATIENCE } from '../../auth/login/gcs/patient-fetch.ts';
import { readServiceAccount } from '../../auth/login/gcs/service-account.ts';
import type { GcsSettings } from '../../config/token-database-schema.ts';
import { readNamedFile, usingFile } from '../key-files.ts';
import type { BackendDependencies } from './parts.ts';

const GOOGLE = 'https://storage.googleapis.com';

/**
 * docker_auth's `gcs_token_db`. Google is first asked when somebody logs in. `STORAGE_EMULATOR_HOST` is the variable
 * of Google's own libraries: what it names is asked in Google's place, and without a token.
 * @throws ConfigError where the key file is of no use
 */
export async function gcsTokenDatabase(
  section: string,
  { bucket, keyFile }: GcsSettings,
  { document, clock, log }: BackendDependencies,
): Promise<GcsTokenDatabase> {
  const path = [section, 'gcs_token_db', 'client_secret_file'];
  const text = readNamedFile(document, path, keyFile);
  const account = await usingFile(document, path, keyFile, () => readServiceAccount(text));
  const closing = new AbortController();
  const emulator = emulatorOf(process.env['STORAGE_EMULATOR_HOST'] ?? '');
  if (emulator !== undefined) {
    log.warn('STORAGE_EMULATOR_HOST is set: the token database is asked there, and not at Google', {
      ...{ section, bucket, address: emulator },
    });
  }
  return new GcsTokenDatabase({
    ...{ bucket, closing, endpoint: emulator ?? GOOGLE, patience: USUAL_PATIENCE },
    tokens:
      emulator === undefined ? new AccessTokens(account, clock, USUAL_PATIENCE, closing.signal) : undefined,
  });
}

/** Without a scheme it is plain HTTP. */
function emulatorOf(host: string): string | undefined {
  if (host === '') return undefined;
  return (host.includes('://') ? host : `http://${host}`).replace(/\/+$/, '');
}
