import { loadSigningKey, readCertificates, type SigningKey } from '../auth/token/signing-key.ts';
import type { TokenKeySettings } from '../config/auth-settings.ts';
import type { ConfigDocument } from '../config/document.ts';
import type { Path } from '../config/node.ts';
import { readNamedFile, usingFile } from './key-files.ts';

/** Which section names the pair that signs: docker_auth takes the server's where the tokens have none of their own. */
export function sectionOfPair(document: ConfigDocument): Path {
  return [document.isWritten(['token', 'certificate']) ? 'token' : 'server'];
}

/**
 * The key pair that a configuration names for signing.
 * @param section where it does
 * @throws ConfigError
 */
export async function signingKeyFrom(
  document: ConfigDocument,
  section: Path,
  settings: Pick<TokenKeySettings, 'disableLegacyKeyId' | 'x5c'>,
  files: { readonly certificate: string; readonly key: string },
): Promise<SigningKey> {
  const certificatePem = readNamedFile(document, [...section, 'certificate'], files.certificate);
  const keyPem = readNamedFile(document, [...section, 'key'], files.key);
  await usingFile(document, [...section, 'certificate'], files.certificate, () =>
    readCertificates(certificatePem),
  );
  return usingFile(document, [...section, 'key'], files.key, () =>
    loadSigningKey(certificatePem, keyPem, {
      keyIdStyle: settings.disableLegacyKeyId ? 'rfc7638' : 'libtrust',
      sendCertificates: settings.x5c,
    }),
  );
}
