import type { AccessEntry, AccessLog } from '../ports.ts';
import { type LineWriter, openLineWriter } from './line-writer.ts';
import type { LogOptions } from './log.ts';
import { quoted } from './plain.ts';

/** An access log with an end. */
export interface ProcessAccessLog extends AccessLog {
  /** Writes out what is still in memory. */
  flush(): void;
}

/**
 * The access log in the form that goes with the log's: Apache's combined format on standard output, as registry:2
 * has it, beside a log in text; lines of the log itself where that is JSON.
 * @param options the log's
 * @param logLines where the log's lines go
 */
export function openAccessLog(options: LogOptions, logLines: LineWriter): ProcessAccessLog {
  if (options.formatter !== 'text') {
    // In the original, too, these lines are messages of the level info.
    const isWanted = options.level === 'info' || options.level === 'debug';
    const log = isWanted ? structuredAccessLog(options, logLines) : { write: () => undefined };
    return { ...log, flush: () => undefined };
  }
  const out = openLineWriter(1);
  return { ...combinedAccessLog(out), flush: out.flush };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** Such as `23/Nov/2026:23:27:54 +0000`. */
function apacheTime(atMs: number): string {
  const at = new Date(atMs);
  const date = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}`;
  return `${date}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`;
}

/** One word between spaces. */
function word(text: string | undefined): string {
  if (text === undefined || text === '') return '-';
  return /^[\w.:@/+-]+$/.test(text) ? text : quoted(text).slice(1, -1).replaceAll(' ', '\\u0020');
}

/** A text between quotes; most need no more than that. */
function inQuotes(text: string): string {
  return /^[!#-[\]-~ ]*$/.test(text) ? `"${text}"` : quoted(text);
}

/**
 * Apache's combined format. The field that says who the client's machine claims to be (RFC 1413), which is always `-`
 * elsewhere, holds the id of the request, so that parsers of the format go on working.
 */
export function combinedAccessLog(out: Pick<LineWriter, 'write'>): AccessLog {
  let second = 0;
  let time = '';
  return {
    write(entry: AccessEntry) {
      const now = Math.floor(entry.atMs / 1000);
      if (now !== second) [second, time] = [now, apacheTime(entry.atMs)];
      const line = inQuotes(`${entry.method} ${entry.target} HTTP/${entry.httpVersion}`);
      out.write(
        `${entry.address ?? '-'} ${entry.requestId} ${word(entry.account)} [${time}] ${line} ${entry.status} ${entry.sentBytes} ${inQuotes(entry.referer ?? '')} ${inQuotes(entry.agent ?? '')}\n`,
      );
    },
  };
}

/**
 * JSON with the message and the names of the fields that distribution gives to them. The entry has one shape and
 * nothing in it that JSON does not know, so that it needs no more than `JSON.stringify`, at a fifth of the cost.
 */
export function structuredAccessLog(
  { fields, formatter }: Pick<LogOptions, 'fields' | 'formatter'>,
  out: Pick<LineWriter, 'write'>,
): AccessLog {
  const isLogstash = formatter === 'logstash';
  return {
    write(entry) {
      const time = new Date(entry.atMs).toISOString();
      const line = {
        level: 'info',
        ...(isLogstash ? { '@timestamp': time, '@version': '1' } : { time }),
        ...fields,
        'http.request.id': entry.requestId,
        'http.request.method': entry.method,
        'http.request.uri': entry.target,
        'http.request.host': entry.host,
        'http.request.remoteaddr': entry.address,
        'http.request.useragent': entry.agent,
        'http.request.referer': entry.referer,
        'http.request.received': entry.receivedBytes,
        'http.response.status': entry.status,
        'http.response.contenttype': entry.contentType,
        'http.response.written': entry.sentBytes,
        'http.response.duration': `${entry.durationMs.toFixed(3)}ms`,
        'auth.user.name': entry.account === '' ? undefined : entry.account,
        [isLogstash ? 'message' : 'msg']: 'response completed',
      };
      out.write(`${JSON.stringify(line)}\n`);
    },
  };
}
