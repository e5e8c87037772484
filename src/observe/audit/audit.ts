import type { Audit, AuditEntry } from '../../ports.ts';
import { auditLine } from './entry.ts';
import type { AuditSink } from './sink.ts';

/** An audit log with its sinks. */
export interface OpenAudit extends Audit {
  reopen(): void;
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
    async close() {
      await Promise.allSettled(sinks.map((sink) => sink.close()));
    },
  };
}
