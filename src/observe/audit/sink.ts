export type SinkName = 'file' | 'syslog' | 'webhook';

/** Told how many entries were lost, and why; nothing secret is in the reason. */
export type OnDrop = (entries: number, reason: string) => void;

/** Somewhere that entries go. Never throws and never waits. */
export interface AuditSink {
  readonly name: SinkName;
  /** @param line JSON, without its end @param atMs milliseconds since 1970 */
  write(line: string, atMs: number): void;
  /** Opens a file anew, since another program has moved it. */
  reopen?(): void;
  /** Resolves when what waits was written, or given up after a while. */
  close(): Promise<void>;
}
