import type { Audit, AuditEntry } from '../../ports.ts';
import { auditLine } from './entry.ts';
import type { AuditSink } from './sink.ts';

/** An audit log with its sinks. */
export interface OpenAudit extends Audit {
  reopen(): void;
  /** Entries that were lost, by sink. */
  dropped(): readonly { readonly sink: AuditSink['name']; readonly count: number }[];
  close(): Promise<void>;
}

/** An audit log that writes to all of `sinks`. */
export function auditTo(sinks: readonly AuditSink[]): OpenAudit {
  return {
    record(entry: AuditEntry) {
      const line = auditLine(entry);
      for (const sink of sinks) sink.write(line, entry.atMs);
    },
    reopen() {
      for (const sink of sinks) sink.reopen?.();
    },
    dropped: () => sinks.map(({ name, dropped }) => ({ sink: name, count: dropped })),
    async close() {
      await Promise.allSettled(sinks.map((sink) => sink.close()));
    },
  };
}
