/** OpenSSL's words for a certificate whose authority is not known; drivers put codes of their own in place of Node's. */
const UNTRUSTED =
  /self-signed certificate|unable to (?:get .*issuer certificate|verify the first certificate)/i;
const REMEDY = 'name the file of its authority in NODE_EXTRA_CA_CERTS, or in sslrootcert of PostgreSQL';

/** Why something failed, in one line; a name with several addresses fails once for each of them. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return [...new Set(error.errors.map(reasonOf))].join('; ');
  }
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  const message = (error.message === '' ? code : error.message).replaceAll(/\s+/g, ' ').trim();
  return UNTRUSTED.test(message)
    ? `the server's certificate is not trusted (${message}); ${REMEDY}`
    : message;
}

/** The driver's or the system's name for an error: `ECONNREFUSED`, `42P01`. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
