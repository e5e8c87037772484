/**
 * `npm run fuzz [-- --minutes 10 --seed 1]`: a real server under hostile connections. Ends by itself; exit code 1 where
 * something was found.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'berth-fuzz-'));
const server = spawn(resolve(import.meta.dirname, '../../bin/berth'), ['serve'], {
  cwd: folder,
  stdio: ['ignore', 'pipe', 'pipe'],
  env: { PATH: process.env['PATH'], HOME: folder, REGISTRY_AUTH: 'none', REGISTRY_HTTP_ADDR: '127.0.0.1:0' },
});
let faults = '';
server.stderr.setEncoding('utf8').on('data', (text: string) => {
  faults = (faults + text).slice(-20_000);
});
const failures: string[] = [];
let isStopping = false;
server.on('exit', (code, signal) => {
  if (!isStopping) failures.push(`the server ended by itself (${signal ?? code})`);
});
try {
  const url = await new Promise<string>((found) => {
    let text = '';
    server.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text = (text + piece).slice(-2_000);
      const match = /Berth is ready at (\S+)/.exec(text);
      if (match?.[1] !== undefined) found(match[1]);
    });
  });
  const seconds = Number(values.minutes) * 60;
  process.stdout.write(`attacking ${url} for ${seconds} s, seed ${values.seed}\n`);
  const report = await fuzz({ url, pid: server.pid ?? 0, seconds, seed: Number(values.seed) });
  process.stdout.write(`${JSON.stringify({ ...report, findings: undefined }, undefined, 2)}\n`);
  failures.push(...report.findings);
} catch (error) {
  failures.push(`the run broke off: ${error}`);
} finally {
  isStopping = true;
  server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
for (const failure of failures) process.stdout.write(`FOUND ${failure}\n`);
if (failures.length > 0) process.stdout.write(`the server's last words:\n${faults}\n`);
process.stdout.write(failures.length === 0 ? 'nothing was found\n' : `${failures.length} findings\n`);
process.exitCode = failures.length === 0 ? 0 : 1;
