import { type DestinationStream, pino, stdSerializers } from 'pino';
import type { LogFields, Logger } from '../ports.ts';
import { openLineWriter } from './line-writer.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** How messages are written, and which. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly formatter: 'text' | 'json';
  /** Added to every line. */
  readonly fields: LogFields;
}

/** A logger with an end. */
export interface ProcessLogger extends Logger {
  /** Writes out what is still in memory. */
  flush(): void;
}

const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

/** Opens the log on standard error. Lines are written behind the caller's back; `flush` before the process ends. */
export function openLog(options: LogOptions): ProcessLogger {
  const out = openLineWriter(2);
  const logger = options.formatter === 'json' ? jsonLogger(options, out) : textLogger(options, out);
  return { ...logger, flush: out.flush };
}

/** A logger that writes one JSON object a line. */
export function jsonLogger({ level, fields }: LogOptions, out: DestinationStream): Logger {
  const log = pino(
    {
      level,
      base: fields,
      messageKey: 'msg',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
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

/** A logger that writes lines for people: time, level, message, then `name=value` pairs. */
export function textLogger({ level, fields }: LogOptions, out: DestinationStream): Logger {
  const enabled = new Set(LEVELS.slice(0, LEVELS.indexOf(level) + 1));
  const writer =
    (of: LogLevel) =>
    (message: string, values: LogFields = {}): void => {
      if (!enabled.has(of)) return;
      const pairs = Object.entries({ ...values, ...fields })
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => ` ${name}=${plain(value)}`);
      out.write(`${new Date().toISOString()} ${of.toUpperCase().padEnd(5)} ${message}${pairs.join('')}\n`);
    };
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
}

/** One word, or a quoted text: what a client sends must not be able to begin a new line or a new field. */
function plain(value: unknown): string {
  const text =
    value instanceof Error
      ? stdSerializers.err(value).stack
      : typeof value === 'string'
        ? value
        : (JSON.stringify(value) ?? String(value));
  if (/^[\w.:/@+-]+$/.test(text)) return text;
  // JSON leaves control characters beyond ASCII as they are, and those that turn the direction of writing around.
  return JSON.stringify(text).replaceAll(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
