import fc from 'fast-check';
import { attack, holdSlowly } from './attack.ts';
import { HTTP2_ATTACKS } from './frames.ts';
import type { HonestClient } from './honest.ts';
import { ATTACKS, type Attack, MANNERS, type Manner } from './requests.ts';
import { type FuzzedServer, type Holdings, holdingsOf } from './server.ts';

/** What a run tried and found. */
export interface FuzzReport {
  readonly seed: number;
  readonly connections: number;
  /** Pushes that came back byte for byte, whatever else went on. */
  readonly honestRounds: number;
  /** By kind of attack: how often each class of answer came; `none` where the connection just ended. */
  readonly answers: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** One line each, with the bytes; nothing where all is well. */
  readonly findings: readonly string[];
  readonly warm: Holdings;
  readonly end: Holdings;
}

const PARALLEL = 32;
const SLOW = 50;
const BATCH = 200;
const MAX_FINDINGS = 20;
const SHOWN_BYTES = 600;

/** Warm is what a server is after so much of the run. */
const WARM_SHARE = 0.3;
/** Memory goes up and down with the collector of garbage; a leak goes on beyond it. */
const LEAK_MB = 96;
/** A server that is younger still takes what it works with, which is less than so much. */
const GROWN_MS = 50_000;
const YOUNG_MB = 512;
const LEAK_FILES = 12;
const SETTLE_MS = 3_000;

function describe(what: Attack, manner: Manner, broken: string): string {
  const shown = what.bytes.subarray(0, SHOWN_BYTES).toString('latin1');
  const more = what.bytes.byteLength > SHOWN_BYTES ? ` … of ${what.bytes.byteLength} bytes` : '';
  return `${broken}: ${what.kind}, ${manner}: ${JSON.stringify(shown)}${more}`;
}

const ALL_ATTACKS = fc.oneof({ weight: 3, arbitrary: ATTACKS }, { weight: 2, arbitrary: HTTP2_ATTACKS });

/** Attacks a server for so long, with an honest client beside, and stops by itself. */
export async function fuzz(options: {
  readonly server: FuzzedServer;
  readonly honestClient: HonestClient;
  readonly seconds: number;
  readonly seed: number;
}): Promise<FuzzReport> {
  const { server, honestClient, seconds, seed } = options;
  const { pid } = server;
  const target = { port: Number(new URL(server.url).port), ca: server.ca };
  const began = Date.now();
  const until = began + seconds * 1000;
  const findings: string[] = [];
  const answers: Record<string, Record<string, number>> = {};
  let connections = 0;
  let honestRounds = 0;
  let batch = 0;
  let queue: { what: Attack; manner: Manner }[] = [];
  let warm: Holdings | undefined;
  const isOver = (): boolean =>
    Date.now() >= until || findings.length >= MAX_FINDINGS || server.ended() !== undefined;

  const next = (): { what: Attack; manner: Manner } => {
    if (queue.length === 0) {
      batch += 1;
      const pairs = fc.record({ what: ALL_ATTACKS, manner: fc.constantFrom(...MANNERS) });
      queue = fc.sample(pairs, { seed: seed + batch, numRuns: BATCH });
    }
    return queue.pop() as { what: Attack; manner: Manner };
  };

  const hostile = async (): Promise<void> => {
    while (!isOver()) {
      const { what, manner } = next();
      const { statuses, broken } = await attack(target, what, manner);
      connections += 1;
      answers[what.kind] ??= {};
      const counts = answers[what.kind] ?? {};
      for (const status of statuses.length === 0 ? ['none'] : statuses) {
        const answer = typeof status === 'string' ? status : `${Math.floor(status / 100)}xx`;
        counts[answer] = (counts[answer] ?? 0) + 1;
      }
      if (broken !== undefined) findings.push(describe(what, manner, broken));
    }
  };

  const honest = async (): Promise<void> => {
    while (!isOver()) {
      const problem = await honestClient
        .pushAndPull(honestRounds)
        .catch((error: unknown) => `an honest client failed: ${error}`);
      honestRounds += 1;
      if (problem !== undefined) findings.push(problem);
      if (warm === undefined && Date.now() - began > seconds * 1000 * WARM_SHARE) warm = holdingsOf(pid);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  const slow = async (): Promise<void> => {
    while (!isOver()) await holdSlowly(target, isOver);
  };

  await Promise.all([
    honest(),
    ...Array.from({ length: PARALLEL }, hostile),
    ...Array.from({ length: SLOW }, slow),
  ]);
  honestClient.close();
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const ended = server.ended();
  if (ended !== undefined) {
    findings.push(ended);
    const nothing = { residentMb: 0, files: 0 };
    return { seed, connections, honestRounds, answers, findings, warm: warm ?? nothing, end: nothing };
  }
  const end = holdingsOf(pid);
  warm ??= end;
  const isGrown = seconds * 1000 * WARM_SHARE >= GROWN_MS;
  if (end.residentMb > (isGrown ? warm.residentMb + LEAK_MB : YOUNG_MB)) {
    findings.push(`memory grew from ${warm.residentMb} to ${end.residentMb} MB`);
  }
  // While warm, the connections of the moment are open too.
  if (end.files > warm.files + LEAK_FILES)
    findings.push(`open files grew from ${warm.files} to ${end.files}`);
  return { seed, connections, honestRounds, answers, findings, warm, end };
}
