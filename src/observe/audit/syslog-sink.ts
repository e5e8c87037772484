import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import type { AuditSink, OnDrop } from './sink.ts';

/** Where a syslog server listens. */
export type SyslogServer =
  | { readonly kind: 'udp' | 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** RFC 5424, table 1. */
const FACILITIES: Readonly<Record<string, number>> = {
  auth: 4,
  authpriv: 10,
  daemon: 3,
  local0: 16,
  local4: 20,
  local7: 23,
};
const INFORMATIONAL = 6;
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const RETRY_MS = 1_000;
const CLOSE_MS = 2_000;

/** One message of RFC 5424, section 6, without structured data. */
export function syslogMessage(line: string, atMs: number, facility: string, host = hostname()): string {
  const priority = (FACILITIES[facility] ?? 4) * 8 + INFORMATIONAL;
  const time = new Date(atMs).toISOString();
  return `<${priority}>1 ${time} ${host === '' ? '-' : host} berth ${process.pid} audit - ${line}`;
}

/**
 * Sends to a syslog server: by UDP in one datagram each (RFC 5426), by TCP and over a socket of this machine with the
 * length in front (RFC 6587, section 3.4.1). While a connection is away, a bounded number of messages waits.
 */
export function openSyslogSink(server: SyslogServer, facility: string, onDrop: OnDrop): AuditSink {
  return server.kind === 'udp' ? udpSink(server, facility, onDrop) : streamSink(server, facility, onDrop);
}

function udpSink(
  { host, port }: { host: string; port: number },
  facility: string,
  onDrop: OnDrop,
): AuditSink {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.unref();
  let underWay = 0;
  socket.on('error', () => undefined);
  return {
    name: 'syslog',
    write(line, atMs) {
      underWay += 1;
      socket.send(syslogMessage(line, atMs, facility), port, host, (error) => {
        underWay -= 1;
        if (error) onDrop(1, reasonOf(error));
      });
    },
    async close() {
      const untilMs = performance.now() + CLOSE_MS;
      while (underWay > 0 && performance.now() < untilMs)
        await new Promise((resolve) => setTimeout(resolve, 10));
      socket.close();
    },
  };
}

function streamSink(server: SyslogServer, facility: string, onDrop: OnDrop): AuditSink {
  let socket: Socket | undefined;
  let waiting: string[] = [];
  let waitingBytes = 0;
  let isClosed = false;
  /** Why the server cannot be reached, where it cannot. */
  let away: string | undefined;
  let retry: NodeJS.Timeout | undefined;

  const open = (): void => {
    if (isClosed || socket !== undefined) return;
    const address = server.kind === 'unix' ? { path: server.path } : { host: server.host, port: server.port };
    const opening = connect(address);
    opening.unref();
    socket = opening;
    opening.on('connect', () => {
      away = undefined;
      flush();
    });
    opening.on('drain', flush);
    opening.on('error', (error) => {
      away = reasonOf(error);
    });
    opening.on('close', () => {
      socket = undefined;
      if (isClosed) return;
      retry = setTimeout(open, RETRY_MS);
      retry.unref();
    });
  };

  const flush = (): void => {
    while (waiting.length > 0 && socket !== undefined && !socket.connecting && !socket.writableNeedDrain) {
      const message = waiting.shift() ?? '';
      waitingBytes -= message.length;
      socket.write(message);
    }
  };

  open();
  return {
    name: 'syslog',
    write(line, atMs) {
      const message = syslogMessage(line, atMs, facility);
      const framed = `${Buffer.byteLength(message)} ${message}`;
      if (waitingBytes + framed.length > MAX_WAITING_BYTES) {
        onDrop(1, `too many entries wait for the server: ${away ?? 'it reads too slowly'}`);
        return;
      }
      waiting.push(framed);
      waitingBytes += framed.length;
      if (retry === undefined || socket !== undefined) open();
      flush();
    },
    async close() {
      const untilMs = performance.now() + CLOSE_MS;
      while (waiting.length > 0 && performance.now() < untilMs) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      isClosed = true;
      clearTimeout(retry);
      if (waiting.length > 0) onDrop(waiting.length, away ?? 'Berth is ending');
      waiting = [];
      const open = socket;
      if (open === undefined || open.connecting) open?.destroy();
      else await new Promise<void>((resolve) => open.end(resolve));
    },
  };
}

function reasonOf(error: NodeJS.ErrnoException): string {
  return error.code ?? error.name;
}
