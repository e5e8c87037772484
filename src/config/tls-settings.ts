/** How a server speaks TLS. Paths are as written, relative to the working directory. */
export interface TlsSettings {
  /** Where the server's certificate comes from. */
  readonly certificate: CertificateFiles | AcmeSettings;
  /** What is asked of clients; undefined: no certificate. */
  readonly clients: ClientCertificateSettings | undefined;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's names of the cipher suites for TLS 1.2; those of TLS 1.3 are all in use. */
  readonly ciphers: readonly string[];
  /** OpenSSL's names of the groups for the key exchange, best first; undefined leaves them to Node. */
  readonly curves?: readonly string[];
}

/** PEM files that somebody else keeps up to date. */
export interface CertificateFiles {
  readonly kind: 'files';
  readonly certificate: string;
  readonly key: string;
}

/** Certificates that are obtained by ACME (RFC 8555). */
export interface AcmeSettings {
  readonly kind: 'acme';
  /** Folder that keeps the account's key and the certificates. */
  readonly cacheFolder: string;
  /** Told to the authority, which may write to it. */
  readonly email: string | undefined;
  /** Names in lower case and ASCII; no others are asked for. */
  readonly hosts: readonly string[];
  readonly directoryUrl: string;
}

/** Which client certificates are asked for, in Go's words (`tls.ClientAuthType`). */
export type ClientAuth =
  | 'request-client-cert'
  | 'require-any-client-cert'
  | 'verify-client-cert-if-given'
  | 'require-and-verify-client-cert';

/** What is asked of clients' certificates. */
export interface ClientCertificateSettings {
  /** PEM files with the authorities that a client's certificate may come from. */
  readonly authorities: readonly string[];
  readonly auth: ClientAuth;
}
