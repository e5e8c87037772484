import type { ConfigDocument } from '../config/document.ts';
import type { AuditSettings } from '../config/guard-schema.ts';
import { auditTo, type OpenAudit } from '../observe/audit/audit.ts';
import { AuditDrops } from '../observe/audit/drops.ts';
import { openFileSink } from '../observe/audit/file-sink.ts';
import type { AuditSink, OnDrop, SinkName } from '../observe/audit/sink.ts';
import type { Clock, Logger, Metrics } from '../ports.ts';
import { reasonOf } from './failure.ts';

/** The audit log of a program, with what is known of its losses. */
export interface ProgramAudit extends OpenAudit {
  readonly drops: AuditDrops;
}

/**
 * Opens the audit log that a configuration asks for; undefined where it asks for none.
 * @throws ConfigError where its file cannot be written
 */
export async function openAudit(
  { file, syslog, webhook }: AuditSettings,
  document: ConfigDocument,
  deps: { readonly clock: Clock; readonly log: Logger; readonly metrics: Metrics },
): Promise<ProgramAudit | undefined> {
  const { log } = deps;
  const drops = new AuditDrops(deps);
  const droppedBy =
    (sink: SinkName): OnDrop =>
    (entries, reason) =>
      drops.note(sink, entries, reason);
  const sinks: AuditSink[] = [];
  if (syslog !== undefined) {
    const { openSyslogSink } = await import('../observe/audit/syslog-sink.ts');
    sinks.push(openSyslogSink(syslog.address, syslog.facility, droppedBy('syslog')));
  }
  if (webhook !== undefined) {
    const { openWebhookSink } = await import('../observe/audit/webhook-sink.ts');
    const headers = [...webhook.headers].map(([name, value]): [string, string] => [name, value.reveal()]);
    const onChange = (reason: string | undefined): void => {
      if (reason === undefined) log.info('the audit log reaches its webhook again');
      else log.error('the audit log cannot reach its webhook; entries wait', { reason });
    };
    sinks.push(openWebhookSink({ ...webhook, headers, onChange, onDrop: droppedBy('webhook') }));
  }
  if (file !== undefined) {
    const onFault = (error: unknown): void =>
      log.error('the file of the audit log cannot be opened anew; the one before is written on', {
        file,
        reason: reasonOf(error),
      });
    try {
      sinks.push(openFileSink(file, { onFault, onDrop: droppedBy('file') }));
    } catch (error) {
      await auditTo(sinks).close();
      throw document.errorAt(['audit', 'file'], `cannot write the audit log ${file}: ${reasonOf(error)}`);
    }
  }
  if (sinks.length === 0) return undefined;
  drops.watch(sinks.map(({ name }) => name));
  return { ...auditTo(sinks), drops };
}
