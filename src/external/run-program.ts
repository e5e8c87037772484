import { type ChildProcess, spawn } from 'node:child_process';

const MAX_STDOUT_BYTES = 64 * 1024;
const MAX_STDERR_BYTES = 64 * 1024;
/** So long a program that has ended may still have something in its pipes, or one that was killed take to end. */
const GRACE_MS = 1_000;

/** One run of a program. */
export interface ProgramRun {
  /** An absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly input: string;
  readonly timeoutMs: number;
}

/** How a run ended. */
export type ProgramEnd =
  | { readonly kind: 'exited'; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly stderr: string };

/** A program that runs. */
export interface RunningProgram {
  /** Resolves when the program and what it started are gone. Never rejects. */
  readonly ended: Promise<ProgramEnd>;
  /** Kills it and what it started. */
  kill(reason: string): void;
}

/**
 * Starts a program in a process group of its own. When the program ends, or its time is over, or it writes too much,
 * whatever is left of the group is killed.
 */
export function runProgram({ command, args, env, input, timeoutMs }: ProgramRun): RunningProgram {
  // Without a file descriptor left there are no pipes, which the narrower type of `spawn` does not tell.
  const child: ChildProcess = spawn(command, [...args], { env, detached: true, stdio: 'pipe' });
  const stdout = collect(child.stdout, MAX_STDOUT_BYTES, () => kill('it wrote more than 64 KiB'));
  const stderr = collect(child.stderr, MAX_STDERR_BYTES, () => undefined);
  const { promise: ended, resolve } = Promise.withResolvers<ProgramEnd>();
  let killedFor: string | undefined;
  let grace: NodeJS.Timeout | undefined;
  const deadline = setTimeout(() => kill(`it did not answer within ${timeoutMs} ms`), timeoutMs);

  function settle(code: number | null, signal: NodeJS.Signals | null): void {
    clearTimeout(deadline);
    clearTimeout(grace);
    // Whoever left the group on purpose may still hold the pipes.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
    if (killedFor === undefined && code !== null) {
      resolve({ kind: 'exited', code, stdout: stdout(), stderr: stderr() });
    } else {
      const reason = killedFor ?? (signal === null ? 'it did not end' : `it was ended by ${signal}`);
      resolve({ kind: 'failed', reason, stderr: stderr() });
    }
  }

  function kill(reason: string): void {
    killedFor ??= reason;
    killGroup(child);
    grace ??= setTimeout(() => settle(null, null), GRACE_MS);
  }

  child.on('error', (error) => {
    killedFor ??= `it could not be started (${'code' in error ? error.code : error.name})`;
    settle(null, null);
  });
  child.on('exit', (code, signal) => {
    clearTimeout(deadline);
    killGroup(child);
    grace ??= setTimeout(() => settle(code, signal), GRACE_MS);
  });
  child.on('close', settle);
  // A program need not read what it is told.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return { ended, kill };
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

/** Keeps the first bytes and lets the rest go by. */
function collect(
  stream: NodeJS.ReadableStream | null | undefined,
  maxBytes: number,
  onTooMuch: () => void,
): () => string {
  const pieces: Buffer[] = [];
  let bytes = 0;
  stream?.on('error', () => undefined);
  stream?.on('data', (piece: Buffer) => {
    const room = maxBytes - bytes;
    bytes += piece.byteLength;
    if (room > 0) pieces.push(piece.subarray(0, room));
    if (bytes > maxBytes) onTooMuch();
  });
  return () => Buffer.concat(pieces).toString('utf8');
}
