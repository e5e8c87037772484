import { loadSigningKey, readCertificates, type SigningKey } from '../auth/token/signing-key.ts';
import type { TokenKeySettings } from '../config/auth-settings.ts';
import type { ConfigDocument } from '../config/document.ts';
import { readNamedFile, usingFile } from './key-files.ts';

/**
 * The key pair that a configuration names for signing.
 * @throws ConfigError
 */
export async function signingKeyFrom(
  document: ConfigDocument,
  settings: TokenKeySettings,
  files: { readonly certificate: string; readonly key: string },
): Promise<SigningKey> {
  // docker_auth signs with the server's pair where the tokens have none of their own.
  const section = document.isWritten(['token', 'certificate']) ? 'token' : 'server';
  const certificatePem = readNamedFile(document, [section, 'certificate'], files.certificate);
  const keyPem = readNamedFile(document, [section, 'key'], files.key);
  await usingFile(document, [section, 'certificate'], files.certificate, () =>
    readCertificates(certificatePem),
  );
  return usingFile(document, [section, 'key'], files.key, () =>
    loadSigningKey(certificatePem, keyPem, {
      keyIdStyle: settings.disableLegacyKeyId ? 'rfc7638' : 'libtrust',
      sendCertificates: settings.x5c,
    }),
  );
}
