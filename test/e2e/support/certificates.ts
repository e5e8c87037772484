import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from './root.ts';
import { must } from './run.ts';

/** A self-signed certificate that openssl made, and its unencrypted key. */
export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** PEM */
  readonly certificate: string;
  /** PEM */
  readonly key: string;
}

const SUBJECT = '/C=EU/ST=Germany/L=Freiburg/O=registry/CN=localhost';

const KINDS = {
  'RSA-4096': ['-newkey', 'rsa:4096'],
  'EC P-256': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
} as const;

export type KeyKind = keyof typeof KINDS;

/**
 * The walkthrough's step 1: 365 days, no passphrase, for localhost by its name and its two addresses.
 * @param names for whom it is, as openssl takes them
 */
export async function makeCertificate(
  kind: KeyKind,
  names = 'DNS:localhost,IP:127.0.0.1,IP:::1',
): Promise<Certificate> {
  const place = folder('ssl');
  const certificateFile = join(place, 'server.pem');
  const keyFile = join(place, 'server.key');
  await must('openssl', [
    ...['req', '-x509', ...KINDS[kind], '-nodes', '-days', '365', '-subj', SUBJECT],
    ...['-addext', `subjectAltName=${names}`],
    ...['-keyout', keyFile, '-out', certificateFile],
  ]);
  return {
    certificateFile,
    keyFile,
    certificate: readFileSync(certificateFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
  };
}
