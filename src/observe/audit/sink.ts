/** Somewhere that entries go. Never throws and never waits. */
export interface AuditSink {
  readonly name: 'file' | 'syslog' | 'webhook';
  /** @param line JSON, without its end @param atMs milliseconds since 1970 */
  write(line: string, atMs: number): void;
  /** Opens a file anew, since another program has moved it. */
  reopen?(): void;
  /** Entries that were lost so far. */
  readonly dropped: number;
  /** Resolves when what waits was written, or given up after a while. */
  close(): Promise<void>;
}
