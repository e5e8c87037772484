/** OpenSSL's words for a certificate whose authority is not known, as Node has them. */
const UNTRUSTED = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];
const REMEDY = 'name the file of its authority in NODE_EXTRA_CA_CERTS, or in sslrootcert of PostgreSQL';

/** Why something failed, in one line; a name with several addresses fails once for each of them. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return [...new Set(error.errors.map(reasonOf))].join('; ');
  }
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  const message = (error.message === '' ? code : error.message).replaceAll(/\s+/g, ' ').trim();
  return UNTRUSTED.includes(code)
    ? `the server's certificate is not trusted (${message}); ${REMEDY}`
    : message;
}

/** The driver's or the system's name for an error: `ECONNREFUSED`, `42P01`. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
