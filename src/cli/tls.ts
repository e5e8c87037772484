import type { ConfigDocument } from '../config/document.ts';
import type { Path } from '../config/node.ts';
import type { ClientAuth, TlsSettings } from '../config/tls-settings.ts';
import {
  type ClientCertificates,
  checkMaterial,
  type KeyPair,
  type TlsMaterial,
} from '../http/tls-server.ts';
import { readNamedFile } from './key-files.ts';

/** Where TLS is configured, and what was read there. */
export interface TlsSource {
  readonly document: ConfigDocument;
  /** Where its keys are named, such as `http.tls`. */
  readonly section: Path;
  readonly settings: TlsSettings;
}

/** Go's four ways of `tls.ClientAuthType`. */
export const CLIENT_CERTIFICATES: Readonly<Record<ClientAuth, ClientCertificates>> = {
  'request-client-cert': { areRequired: false, areVerified: false },
  'require-any-client-cert': { areRequired: true, areVerified: false },
  'verify-client-cert-if-given': { areRequired: false, areVerified: true },
  'require-and-verify-client-cert': { areRequired: true, areVerified: true },
};

/** The files whose changes are to be noticed. */
export function tlsFiles({ settings: { certificate, clients } }: TlsSource): readonly string[] {
  const own = certificate.kind === 'files' ? [certificate.certificate, certificate.key] : [];
  return [...own, ...(clients?.authorities ?? [])];
}

/**
 * Reads the files that the settings name.
 * @throws ConfigError
 */
export function readTls({ document, section, settings }: TlsSource): TlsMaterial {
  const { certificate: source, clients, minVersion, ciphers, curves } = settings;
  const rest = {
    minVersion,
    ciphers,
    curves,
    clientAuthorities: clients?.authorities.map((file, index) =>
      readAuthorities(document, [...section, 'clientcas', index], file),
    ),
  };
  if (source.kind === 'acme') return checked({ ...rest, pair: undefined });
  const pair: KeyPair = {
    cert: readNamedFile(document, [...section, 'certificate'], source.certificate),
    key: readNamedFile(document, [...section, 'key'], source.key),
  };
  return checked({ ...rest, pair });

  function checked(material: TlsMaterial): TlsMaterial {
    try {
      checkMaterial(material);
      return material;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (source.kind === 'acme') throw document.errorAt(section, `TLS cannot be set up: ${reason}`);
      const files = `${source.certificate} and ${source.key}`;
      throw document.errorAt([...section, 'key'], `${files} cannot be used together: ${reason}`);
    }
  }
}

/**
 * Reads a file of authorities. OpenSSL passes over what is no certificate; the other side would then be refused for no
 * visible reason.
 * @throws ConfigError
 */
export function readAuthorities(document: ConfigDocument, path: Path, file: string): string {
  const pem = readNamedFile(document, path, file);
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw document.errorAt(path, `${file} holds no certificate in PEM`);
  }
  try {
    checkMaterial({ pair: undefined, clientAuthorities: [pem], minVersion: 'TLSv1.2', ciphers: [] });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw document.errorAt(path, `${file} cannot be read as certificates: ${reason}`);
  }
  return pem;
}
