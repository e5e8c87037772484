/** A reason to end that the user can do something about; printed without a stack. */
export class Failure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Failure';
  }
}

/** The code of a system error; undefined where it has none. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is a file, not a folder',
  ENOENT: 'it does not exist',
  EISDIR: 'it is a folder',
  EEXIST: 'it is a file, not a folder',
  SQLITE_CANTOPEN: 'the index file cannot be opened; is the folder writable?',
  SQLITE_NOTADB: 'the index file is damaged, or it is no index',
  SQLITE_CORRUPT: 'the index file is damaged',
  SQLITE_READONLY: 'the index file cannot be written',
  SQLITE_FULL: 'the disk is full',
  SQLITE_BUSY: 'another process keeps the index locked; is a backup or another tool writing to it?',
  SQLITE_IOERR: 'the disk reports errors',
};

/** What the system's error means, in words; the error's own message where there are none for it. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const known = code === undefined ? undefined : REASONS[code];
  return known ?? (error instanceof Error ? error.message : String(error));
}

/** The same for an address at which a server cannot listen. */
export function cannotListen(address: string, setting: string, error: unknown): Error {
  // What is wrong with a certificate says so by itself.
  if (error instanceof Failure || (error instanceof Error && error.name === 'ConfigError')) return error;
  const code = codeOf(error);
  const why =
    code === 'EADDRINUSE'
      ? 'another program listens there already; stop it'
      : code === 'EACCES'
        ? 'permission denied; ports below 1024 need privileges'
        : code === 'EADDRNOTAVAIL'
          ? 'this machine has no such address'
          : reasonOf(error);
  return new Failure(`cannot listen on ${address}: ${why}; or choose another address with ${setting}`, {
    cause: error,
  });
}
