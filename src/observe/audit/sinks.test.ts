import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoppedClock } from '../../../test/support/clock.ts';
import { RecordedLog } from '../../../test/support/recorded-log.ts';
import { recordedMetrics } from '../../../test/support/recorded-metrics.ts';
import type { AuditEntry } from '../../ports.ts';
import { auditTo } from './audit.ts';
import { AuditDrops } from './drops.ts';
import { openFileSink } from './file-sink.ts';
import { openSyslogSink, syslogMessage } from './syslog-sink.ts';
import { openWebhookSink } from './webhook-sink.ts';

const ENTRY: AuditEntry = {
  kind: 'login',
  outcome: 'granted',
  atMs: 1_800_000_000_000,
  requestId: 'r-1',
  account: 'bob',
  address: '192.0.2.1',
  userAgent: `x\n${'y'.repeat(1_000)}`,
  scopes: [{ type: 'repository', name: 'a', asked: ['pull'], granted: ['pull'], rule: 'acl, rule 1' }],
};

let folder: string;
let dropped: number;
const drop = (entries: number): void => {
  dropped += entries;
};
beforeEach(() => {
  dropped = 0;
  folder = mkdtempSync(join(tmpdir(), 'berth-audit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const soon = (check: () => void) => vi.waitFor(check, { timeout: 5_000, interval: 20 });

describe('the audit log', () => {
  it('counts what a full disk takes, and tells of it once a minute', async () => {
    const [log, metrics, clock] = [new RecordedLog(), recordedMetrics(), new StoppedClock()];
    const drops = new AuditDrops({ clock, log, metrics });
    drops.watch(['file']);
    expect(drops.counts()).toEqual({ file: 0 });
    // Each write to it fails with ENOSPC.
    const full = openFileSink('/dev/full', {
      onFault: () => undefined,
      onDrop: (entries, reason) => drops.note('file', entries, reason),
    });
    const audit = auditTo([full]);
    audit.record(ENTRY);
    audit.record(ENTRY);
    await soon(() => expect(drops.counts()).toEqual({ file: 2 }));
    audit.record(ENTRY);
    await soon(() => expect(drops.counts()).toEqual({ file: 3 }));
    clock.advance(60_000);
    audit.record(ENTRY);
    await audit.close();
    expect(log.entries.map(({ level, fields }) => [level, fields])).toEqual([
      ['error', { sink: 'file', entries: 2, sinceStart: 2, reason: 'ENOSPC' }],
      ['error', { sink: 'file', entries: 2, sinceStart: 4, reason: 'ENOSPC' }],
    ]);
    expect(metrics.valueOf('berth_audit_entries_dropped_total', { sink: 'file' })).toBe(4);
  });

  it('is one line of JSON for each entry, whatever is in it', async () => {
    const file = join(folder, 'audit.log');
    const audit = auditTo([openFileSink(file, { onFault: () => undefined, onDrop: drop })]);
    audit.record(ENTRY);
    await audit.close();
    const lines = readFileSync(file, 'utf8').split('\n');
    expect(lines).toHaveLength(2);
    const { user_agent: agent, ...line } = JSON.parse(lines[0] ?? '') as Record<string, string>;
    expect(agent?.length).toBe(501);
    expect(line).toEqual({
      ...{ time: '2027-01-15T08:00:00.000Z', kind: 'login', outcome: 'granted', request_id: 'r-1' },
      ...{ account: 'bob', address: '192.0.2.1' },
      scopes: [{ type: 'repository', name: 'a', asked: ['pull'], granted: ['pull'], rule: 'acl, rule 1' }],
    });
  });

  it('goes on in a new file where the one before was moved, and loses nothing', async () => {
    const file = join(folder, 'audit.log');
    const audit = auditTo([openFileSink(file, { onFault: () => undefined, onDrop: drop })]);
    audit.record(ENTRY);
    renameSync(file, `${file}.1`);
    audit.record(ENTRY);
    audit.reopen();
    audit.record(ENTRY);
    await audit.close();
    const count = (path: string) => readFileSync(path, 'utf8').split('\n').length - 1;
    expect([count(`${file}.1`), count(file)]).toEqual([2, 1]);
  });
});

describe('syslog', () => {
  const HEAD = /^<86>1 2027-01-15T08:00:00\.000Z \S+ berth \d+ audit - \{/;

  it('is RFC 5424', () => {
    expect(syslogMessage('{}', ENTRY.atMs, 'auth', 'host')).toBe(
      `<38>1 2027-01-15T08:00:00.000Z host berth ${process.pid} audit - {}`,
    );
  });

  it('comes by UDP', async () => {
    const received: string[] = [];
    const server = createSocket('udp4', (bytes) => received.push(bytes.toString()));
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
    const { port } = server.address();
    const audit = auditTo([openSyslogSink({ kind: 'udp', host: '127.0.0.1', port }, 'authpriv', drop)]);
    audit.record(ENTRY);
    await soon(() => expect(received).toEqual([expect.stringMatching(HEAD)]));
    await audit.close();
    server.close();
  });

  it.each(['tcp', 'unix'] as const)(
    'comes over %s, with its length, and waits while nobody listens',
    async (kind) => {
      const path = join(folder, 'log');
      let text = '';
      const listen = (port: number): Promise<Server> =>
        new Promise((resolve) => {
          const server = createServer((socket) =>
            socket.on('data', (bytes) => {
              text += bytes.toString();
            }),
          );
          if (kind === 'unix') server.listen(path, () => resolve(server));
          else server.listen(port, '127.0.0.1', () => resolve(server));
        });
      const first = await listen(0);
      const port = kind === 'tcp' ? (first.address() as AddressInfo).port : 0;
      await new Promise((resolve) => first.close(resolve));
      const address = kind === 'unix' ? { kind, path } : { kind, host: '127.0.0.1', port };
      const audit = auditTo([openSyslogSink(address, 'authpriv', drop)]);
      audit.record(ENTRY);
      audit.record(ENTRY);
      const server = await listen(port);
      await soon(() => expect(text.match(/audit - \{/g)).toHaveLength(2));
      const [, length = '', rest = ''] = /^(\d+) (.*)$/s.exec(text) ?? [];
      const message = Buffer.from(rest).subarray(0, Number(length)).toString();
      expect(message).toMatch(HEAD);
      expect(JSON.parse(message.slice(message.indexOf('{')))).toMatchObject({ account: 'bob' });
      await audit.close();
      server.close();
    },
  );
});

describe('the webhook', () => {
  it('gets entries in order, several at a time, again after a failure, and what is too much is dropped and counted', async () => {
    const bodies: string[] = [];
    let status = 503;
    const server = createHttp((request, response) => {
      let body = '';
      request.on('data', (bytes: Buffer) => {
        body += bytes.toString();
      });
      request.on('end', () => {
        if (status === 200) bodies.push(body);
        expect(request.headers['authorization']).toBe('Bearer marker');
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const told: (string | undefined)[] = [];
    const audit = auditTo([
      openWebhookSink({
        onDrop: drop,
        url: `http://127.0.0.1:${port}/`,
        headers: [['Authorization', 'Bearer marker']],
        timeoutMs: 1_000,
        queue: 300,
        onChange: (reason) => told.push(reason),
      }),
    ]);
    for (let number = 0; number < 350; number += 1) audit.record({ ...ENTRY, requestId: `r-${number}` });
    expect(dropped).toBe(50);
    await soon(() => expect(told).toEqual(['it answered 503']));
    status = 200;
    await soon(() => expect(told).toEqual(['it answered 503', undefined]));
    await soon(() => expect(bodies.join('').split('\n')).toHaveLength(301));
    expect(bodies.length).toBeLessThanOrEqual(3);
    const ids = bodies
      .join('')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { request_id: string }).request_id);
    expect(ids).toEqual(Array.from({ length: 300 }, (_, number) => `r-${number}`));
    await audit.close();
    server.close();
  });

  it('never holds up whoever records, also where nobody answers', async () => {
    const audit = auditTo([
      openWebhookSink({
        onDrop: drop,
        ...{ url: 'http://127.0.0.1:1/', headers: [], timeoutMs: 100, queue: 5, onChange: () => undefined },
      }),
    ]);
    for (let number = 0; number < 10; number += 1) audit.record(ENTRY);
    expect(dropped).toBe(5);
    await audit.close();
    expect(dropped).toBe(10);
  });
});
