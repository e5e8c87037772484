/**
 * `npm run fuzz [-- --minutes 10 --seed 1]`: two real servers under hostile connections at the same time, one with as
 * little as there can be switched on and one with everything. Ends by itself; exit code 1 where something was found.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type FuzzReport, fuzz } from './fuzz.ts';
import { HONEST_REPOSITORY, type HonestClient, http2Client, plainClient } from './honest.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { type FuzzedServer, startPlain, startWhole } from './server.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
  },
});
const seconds = Number(values.minutes) * 60;
const seed = Number(values.seed);

/** So long may the last notifications take, past a receiver that misbehaves: the waits between tries grow to a minute. */
const DELIVERY_MS = 150_000;
/** The size of the numbers must not depend on what clients send. */
const MAX_METRICS_BYTES = 1024 * 1024;

const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function run(name: string, server: FuzzedServer, honestClient: HonestClient): Promise<FuzzReport> {
  print(`attacking ${name} at ${server.url} for ${seconds} s, seed ${seed}`);
  const report = await fuzz({ server, honestClient, seconds, seed });
  print(`${name}: ${JSON.stringify({ ...report, findings: undefined }, undefined, 2)}`);
  return report;
}

/** Every push that a client was told of has to arrive, however the receiver behaves. */
async function notArrived(receiver: Receiver, pushed: number): Promise<string[]> {
  const until = Date.now() + DELIVERY_MS;
  while (receiver.pushesInto(HONEST_REPOSITORY) < pushed && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const arrived = receiver.pushesInto(HONEST_REPOSITORY);
  print(`notifications: ${arrived} of ${pushed} honest pushes arrived`);
  return arrived < pushed ? [`${pushed - arrived} pushes of ${pushed} were not notified`] : [];
}

async function metricsProblems({ metricsUrl = '' }: FuzzedServer): Promise<string[]> {
  const answer = await fetch(metricsUrl);
  const text = await answer.text();
  print(`metrics: ${answer.status}, ${text.length} bytes`);
  if (answer.status !== 200) return [`metrics were answered ${answer.status}`];
  return text.length > MAX_METRICS_BYTES ? [`metrics grew to ${text.length} bytes`] : [];
}

const folder = mkdtempSync(join(tmpdir(), 'berth-fuzz-'));
const receiver = await startReceiver();
const servers: FuzzedServer[] = [];
const failures: string[] = [];
try {
  const plain = await startPlain(join(folder, 'plain'));
  servers.push(plain);
  const whole = await startWhole(join(folder, 'whole'), receiver.url);
  servers.push(whole);
  const reports = await Promise.all([
    run('plain', plain, plainClient(plain.url)),
    run('whole', whole, http2Client(whole.url, whole.ca ?? '')),
  ]);
  for (const report of reports) failures.push(...report.findings);
  if (whole.ended() === undefined) {
    // The first one went elsewhere.
    const pushed = reports[1].honestRounds - 1;
    failures.push(...(await notArrived(receiver, pushed)), ...(await metricsProblems(whole)));
  }
} catch (error) {
  failures.push(`the run broke off: ${error}`);
} finally {
  for (const server of servers) server.stop();
  receiver.close();
  rmSync(folder, { recursive: true, force: true });
}
for (const failure of failures) print(`FOUND ${failure}`);
if (failures.length > 0) for (const server of servers) print(`a server's last words:\n${server.lastWords()}`);
print(failures.length === 0 ? 'nothing was found' : `${failures.length} findings`);
process.exitCode = failures.length === 0 ? 0 : 1;
