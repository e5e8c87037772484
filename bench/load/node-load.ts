import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { percentile } from '../stats.ts';
import type { Load, LoadPlan, Request } from './loader.ts';

/**
 * The built-in load generator's process: `node node-load.ts PLAN.json` prints a Load as JSON. Answers of the
 * measured requests are small, so each is collected as a string until it is complete.
 */
const plan: LoadPlan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
/** Where numbers begin, so that those of one run are not those of another. */
const first = Date.now() * 1000;
const prepared = plan.requests.map((request) => ({
  request,
  bytes: encode(request, 0),
  head: request.method === 'HEAD',
}));
const latencies: number[] = [];
let errors = 0;
let turn = 0;
let running = true;

function encode(request: Request, number: number): Buffer {
  const fill = (text: string): string =>
    request.varies ? text.replaceAll('{n}', String(first + number)) : text;
  const body = fill(request.body ?? '');
  const length = request.method === 'POST' ? { 'Content-Length': String(Buffer.byteLength(body)) } : {};
  const headers = Object.entries({ Host: `127.0.0.1:${plan.port}`, ...request.headers, ...length });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`${request.method} ${fill(request.path)} HTTP/1.1\r\n${lines}\r\n${body}`);
}

/** Whether the text holds a whole answer. */
function complete(text: string, isHead: boolean): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0 || isHead) return end >= 0;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
  return length === undefined ? text.endsWith('0\r\n\r\n') : text.length >= end + 4 + Number(length);
}

/** One connection: the next request goes out when the last answer is complete. */
function runConnection(): void {
  const socket = connect({ port: plan.port, host: '127.0.0.1', noDelay: true });
  let started = 0;
  let text = '';
  let isHead = false;
  const send = () => {
    const next = prepared[turn % prepared.length];
    if (next === undefined) return;
    turn += 1;
    isHead = next.head;
    text = '';
    started = performance.now();
    socket.write(next.request.varies ? encode(next.request, turn) : next.bytes);
  };
  socket.on('connect', send);
  socket.setEncoding('latin1');
  socket.on('data', (piece) => {
    text += String(piece);
    if (!running || !complete(text, isHead)) return;
    latencies.push(performance.now() - started);
    if (text.charCodeAt(9) !== 0x32 && plan.anyStatus !== true) errors += 1;
    if (latencies.length === plan.count) end();
    else send();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    if (!running) return;
    errors += 1;
    // A server that refuses every connection must not turn this into a busy loop.
    setTimeout(runConnection, 10);
  });
}

const started = performance.now();
for (let count = 0; count < plan.connections; count += 1) runConnection();
setTimeout(end, plan.seconds * 1000);

function end(): void {
  running = false;
  const seconds = (performance.now() - started) / 1000;
  const sorted = Float64Array.from(latencies).sort();
  const load: Load = {
    requestsPerSecond: (sorted.length - Math.min(errors, sorted.length)) / seconds,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    requests: sorted.length,
    errors,
  };
  process.stdout.write(JSON.stringify(load), () => process.exit());
}
