import { parseBandwidth } from '../../config/bandwidth.ts';
import type { Damage, Verified } from '../../lifecycle/verify/damage.ts';
import { findOrphans, type Orphan } from '../../lifecycle/verify/orphans.ts';
import { Throttle } from '../../lifecycle/verify/throttle.ts';
import { verifyContent } from '../../lifecycle/verify/verify-content.ts';
import { isDigest } from '../../oci/digest.ts';
import { inUnits } from '../../policy/bytes-text.ts';
import { SYSTEM_CLOCK } from '../../ports.ts';
import { openConfiguredState } from '../configuration.ts';
import { Failure } from '../failure.ts';
import { manifestRules } from '../manifest-rules.ts';
import { COMMAND } from '../passwords.ts';

/** What the command line says. */
export interface VerifyCommandOptions {
  /** Such as 50MB/s; 0 for no bound. */
  readonly bandwidth: string;
  readonly after?: string;
  readonly orphans?: boolean;
  readonly quarantine?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const DAMAGE_EXIT_CODE = 1;
const PROGRESS_EVERY_MS = 10_000;
const PROGRESS_EVERY_MS_ON_A_TERMINAL = 500;

/** Everything that was found; memory that grows only with what is wrong. */
interface Found {
  readonly damage: readonly Damage[];
  readonly orphans: readonly Orphan[] | undefined;
  readonly verified: Verified;
}

function describe(damage: Damage): string {
  if (damage.kind === 'incomplete') {
    const names = damage.missing.map((digest) => `\n    ${digest}`).join('');
    return `${damage.repository}: manifest ${damage.digest}: ${damage.reason}:${names}`;
  }
  const where = damage.repository === undefined ? '' : ` (in ${damage.repository})`;
  const done = damage.quarantined ? '; quarantined' : '';
  return `${damage.kind} ${damage.digest}${where}: ${damage.reason}${done}`;
}

function summary({ verified, orphans, damage }: Found, options: VerifyCommandOptions): string {
  const { blobs, bytes, manifests, repositories, damaged, quarantined } = verified;
  const lines = [
    `${blobs} blobs (${inUnits(bytes)}) and ${manifests} manifests read, ${repositories} repositories looked through: ` +
      (damaged === 0 ? 'no damage' : `${damaged} ${damaged === 1 ? 'thing' : 'things'} wrong`),
  ];
  if (quarantined > 0) {
    lines.push(
      `${quarantined} quarantined: clients are told that they are not there, and the next push of each heals it in every repository.`,
    );
  } else if (damage.some(({ kind }) => kind !== 'incomplete') && options.quarantine !== true) {
    lines.push(
      'Nothing was changed; --quarantine sets aside what is damaged, so that the next push heals it.',
    );
  }
  if (orphans !== undefined) {
    const sum = orphans.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
    lines.push(
      orphans.length === 0
        ? 'Nothing is stored that the index does not know.'
        : `${orphans.length} stored objects (${inUnits(sum)}) are unknown to the index.`,
    );
  }
  return lines.join('\n');
}

/** How far it is, on standard error: digests are spread evenly, so that one tells what share lies before it. */
function progress(isWanted: boolean): { at(digest: string, bytes: number): void; end(): void } {
  const isTerminal = process.stderr.isTTY;
  const everyMs = isTerminal ? PROGRESS_EVERY_MS_ON_A_TERMINAL : PROGRESS_EVERY_MS;
  let shownAtMs = performance.now();
  let bytes = 0;
  return {
    at(digest, more) {
      bytes += more;
      if (!isWanted || performance.now() - shownAtMs < everyMs) return;
      shownAtMs = performance.now();
      const share = Number.parseInt(digest.slice(7, 13), 16) / 2 ** 24;
      const percent = digest.startsWith('sha256:') ? `${Math.floor(share * 100)} %` : '99 %';
      process.stderr.write(
        `${isTerminal ? '\r' : ''}${percent}, ${inUnits(bytes)} read${isTerminal ? ' ' : '\n'}`,
      );
    },
    end() {
      if (isWanted && isTerminal) process.stderr.write('\r\u001b[K');
    },
  };
}

/** @throws Failure */
function checked(options: VerifyCommandOptions): { bytesPerSecond: number; after: string | undefined } {
  const bytesPerSecond = parseBandwidth(options.bandwidth);
  if (bytesPerSecond === undefined) {
    throw new Failure(
      `--bandwidth ${JSON.stringify(options.bandwidth)} is none; write it like 50MB/s, or 0 for no bound`,
    );
  }
  const { after } = options;
  if (after !== undefined && !isDigest(after)) {
    throw new Failure(
      `--after ${JSON.stringify(after)} is no digest; write the one that a run stopped after`,
    );
  }
  return { bytesPerSecond, after };
}

/**
 * `berth verify [config.yml]`, beside a running registry or alone. Sets the exit code 1 where something is damaged.
 * @throws ConfigError, Failure
 */
export async function verify(file: string | undefined, options: VerifyCommandOptions): Promise<void> {
  const { bytesPerSecond, after } = checked(options);
  const { json = false, quiet = false } = options;
  const { config, ...state } = await openConfiguredState(file);
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  const shown = progress(!json && !quiet);
  const damage: Damage[] = [];
  try {
    const verified = await verifyContent(
      { ...state, clock: SYSTEM_CLOCK },
      {
        rules: manifestRules(config.validation),
        throttle: new Throttle(bytesPerSecond),
        quarantine: options.quarantine === true,
        after,
        signal: ending.signal,
        watcher: {
          damage(found) {
            damage.push(found);
            shown.end();
            if (!json) process.stdout.write(`${describe(found)}\n`);
          },
          blob: (digest, sizeBytes) => shown.at(digest, sizeBytes),
        },
      },
    );
    shown.end();
    const orphans = options.orphans === true && verified.isComplete ? await findOrphans(state) : undefined;
    report({ damage, orphans, verified }, options);
    if (!verified.isComplete) throw stopped(verified, after);
    if (damage.length > 0) process.exitCode = DAMAGE_EXIT_CODE;
  } finally {
    await state.index.close();
  }
}

function report(found: Found, options: VerifyCommandOptions): void {
  const { damage, orphans, verified } = found;
  if (options.json === true) {
    process.stdout.write(
      `${JSON.stringify({ ...verified, damage, ...(orphans && { orphans }) }, undefined, 2)}\n`,
    );
    return;
  }
  for (const { key, sizeBytes } of orphans ?? []) {
    process.stdout.write(`unknown to the index: ${key} (${inUnits(sizeBytes)})\n`);
  }
  if (options.quiet !== true) process.stdout.write(`${summary(found, options)}\n`);
}

function stopped({ last }: Verified, after: string | undefined): Failure {
  const from = last ?? after;
  return new Failure(
    from === undefined
      ? 'stopped before the end'
      : `stopped before the end; ${COMMAND} verify --after ${from} goes on from there`,
  );
}
