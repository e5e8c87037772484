import type { AuditEntry } from '../../ports.ts';

/** Longer texts are cut: what clients write shall not fill the disk. */
const MAX_TEXT = 500;
const MAX_SCOPES = 100;

function cut(text: string | undefined): string | undefined {
  return text === undefined || text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

/** An entry as one line of JSON, without its end. What is not known is left out. */
export function auditLine(entry: AuditEntry): string {
  const { atMs, kind, outcome, requestId, scopes } = entry;
  return JSON.stringify({
    time: new Date(atMs).toISOString(),
    kind,
    outcome,
    request_id: requestId,
    account: cut(entry.account),
    provider: entry.provider,
    address: entry.address,
    client_id: cut(entry.clientId),
    user_agent: cut(entry.userAgent),
    service: cut(entry.service),
    action: cut(entry.action),
    reason: cut(entry.reason),
    scopes: scopes?.slice(0, MAX_SCOPES).map(({ type, name, asked, granted, rule }) => ({
      ...{ type: cut(type), name: cut(name), asked, granted },
      ...(rule !== '' && { rule: cut(rule) }),
    })),
  });
}
