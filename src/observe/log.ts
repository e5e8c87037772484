import { isatty } from 'node:tty';
import { type DestinationStream, pino, stdSerializers } from 'pino';
import type { LogFields, Logger } from '../ports.ts';
import { type LineWriter, openLineWriter } from './line-writer.ts';
import { plain } from './plain.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** How messages are written, and which. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly formatter: 'text' | 'json' | 'logstash';
  /** Added to every line. */
  readonly fields: LogFields;
}

/** A logger with an end. */
export interface ProcessLogger extends Logger {
  /** Where its lines go, for those that are made elsewhere. */
  readonly out: LineWriter;
  /** Writes out what is still in memory. */
  flush(): void;
}

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

/** logrus' names of the levels. */
const LOGRUS: Readonly<Record<string, string>> = { warn: 'warning' };

/** Opens the log on standard error. Lines are written behind the caller's back; `flush` before the process ends. */
export function openLog(options: LogOptions): ProcessLogger {
  const out = openLineWriter(2);
  const logger =
    options.formatter === 'text'
      ? isatty(2)
        ? textLogger(options, out)
        : logfmtLogger(options, out)
      : jsonLogger(options, out);
  return { ...logger, out, flush: out.flush };
}

/**
 * A logger that writes one JSON object a line, with the names that logrus gives to time, level and message; for
 * `logstash` with those of logrus-logstash.
 */
function jsonLogger({ level, fields, formatter }: LogOptions, out: DestinationStream): Logger {
  const isLogstash = formatter === 'logstash';
  const log = pino(
    {
      level,
      base: isLogstash ? { '@version': '1', ...fields } : fields,
      messageKey: isLogstash ? 'message' : 'msg',
      timestamp: isLogstash
        ? () => `,"@timestamp":"${new Date().toISOString()}"`
        : pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: LOGRUS[label] ?? label }) },
      serializers: { error: stdSerializers.err },
    },
    out,
  );
  return {
    debug: (message, values) => log.debug(values ?? {}, message),
    info: (message, values) => log.info(values ?? {}, message),
    warn: (message, values) => log.warn(values ?? {}, message),
    error: (message, values) => log.error(values ?? {}, message),
  };
}

type LineHead = (level: LogLevel, message: string) => string;

function lineLogger({ level, fields }: LogOptions, out: DestinationStream, head: LineHead): Logger {
  const enabled = new Set(LEVELS.slice(0, LEVELS.indexOf(level) + 1));
  const writer =
    (of: LogLevel) =>
    (message: string, values: LogFields = {}): void => {
      if (!enabled.has(of)) return;
      const pairs = Object.entries({ ...values, ...fields })
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => ` ${name}=${plain(value)}`);
      out.write(`${head(of, message)}${pairs.join('')}\n`);
    };
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
}

/** A logger that writes lines for people: time, level, message, then `name=value` pairs. */
function textLogger(options: LogOptions, out: DestinationStream): Logger {
  return lineLogger(
    options,
    out,
    (level, message) => `${new Date().toISOString()} ${level.toUpperCase().padEnd(5)} ${message}`,
  );
}

/** The same for programs, as logrus writes where standard error is no terminal: `time="…" level=info msg="…"`. */
function logfmtLogger(options: LogOptions, out: DestinationStream): Logger {
  return lineLogger(
    options,
    out,
    (level, message) =>
      `time="${new Date().toISOString()}" level=${LOGRUS[level] ?? level} msg=${JSON.stringify(message)}`,
  );
}
