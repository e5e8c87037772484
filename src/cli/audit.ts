import type { ConfigDocument } from '../config/document.ts';
import type { AuditSettings } from '../config/guard-schema.ts';
import { auditTo, type OpenAudit } from '../observe/audit/audit.ts';
import { openFileSink } from '../observe/audit/file-sink.ts';
import type { AuditSink } from '../observe/audit/sink.ts';
import type { Logger } from '../ports.ts';
import { reasonOf } from './failure.ts';

/**
 * Opens the audit log that a configuration asks for; undefined where it asks for none.
 * @throws ConfigError where its file cannot be written
 */
export async function openAudit(
  { file, syslog, webhook }: AuditSettings,
  document: ConfigDocument,
  log: Logger,
): Promise<OpenAudit | undefined> {
  const sinks: AuditSink[] = [];
  if (syslog !== undefined) {
    const { openSyslogSink } = await import('../observe/audit/syslog-sink.ts');
    sinks.push(openSyslogSink(syslog.address, syslog.facility));
  }
  if (webhook !== undefined) {
    const { openWebhookSink } = await import('../observe/audit/webhook-sink.ts');
    const headers = [...webhook.headers].map(([name, value]): [string, string] => [name, value.reveal()]);
    const onChange = (reason: string | undefined): void => {
      if (reason === undefined) log.info('the audit log reaches its webhook again');
      else log.error('the audit log cannot reach its webhook; entries wait', { reason });
    };
    sinks.push(openWebhookSink({ ...webhook, headers, onChange }));
  }
  if (file !== undefined) {
    try {
      sinks.push(
        openFileSink(file, (error) =>
          log.error('the file of the audit log cannot be opened anew; the one before is written on', {
            file,
            reason: reasonOf(error),
          }),
        ),
      );
    } catch (error) {
      await auditTo(sinks).close();
      throw document.errorAt(['audit', 'file'], `cannot write the audit log ${file}: ${reasonOf(error)}`);
    }
  }
  return sinks.length === 0 ? undefined : auditTo(sinks);
}
