import { setTimeout as sleep } from 'node:timers/promises';

/** How long is tried; in milliseconds. */
export interface Patience {
  /** Of one attempt, to the end of the answer. */
  readonly attemptMs: number;
  /** Of all of them with the waits in between. */
  readonly allMs: number;
  /** The first wait, at the most; each next one may be twice as long. */
  readonly firstWaitMs: number;
}

/** Google's guidance, shortened at its end: somebody waits for a login. */
export const USUAL_PATIENCE: Patience = { attemptMs: 5_000, allMs: 20_000, firstWaitMs: 1_000 };

/** An answer that is no promise to be kept: it was read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Whether an attempt came before whose fate is not known. */
  readonly isRepeated: boolean;
}

const MAX_ANSWER_BYTES = 1024 * 1024;
const LONGEST_WAIT_MS = 8_000;

/** The answers that Google names as worth another attempt. */
function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/**
 * Asks until there is an answer that counts, with waits that grow and are random
 * (cloud.google.com/storage/docs/retry-strategy). Only for what may be done twice.
 * @param request makes the request anew for each attempt
 * @returns the first answer that is not 408, 429 or 5xx; the last one of those where time is up
 * @throws what `fetch` throws, where time is up; AbortError
 */
export async function patientFetch(
  request: () => Promise<{ readonly url: URL | string; readonly init: RequestInit }>,
  { attemptMs, allMs, firstWaitMs }: Patience,
  closing: AbortSignal,
): Promise<Answer> {
  const end = performance.now() + allMs;
  for (let attempt = 0; ; attempt += 1) {
    const { url, init } = await request();
    const leftMs = Math.max(1, Math.min(attemptMs, end - performance.now()));
    const late = AbortSignal.timeout(Math.ceil(leftMs));
    let failure: unknown;
    let answer: Answer | undefined;
    try {
      const response = await fetch(url, {
        ...init,
        // A token must not follow to wherever an answer points.
        redirect: 'manual',
        signal: AbortSignal.any([late, closing]),
      });
      const { status, headers } = response;
      answer = { status, headers, text: await readBounded(response), isRepeated: attempt > 0 };
      if (!isPassing(status)) return answer;
    } catch (error) {
      if (closing.aborted || error instanceof TooLong) throw error;
      failure = late.aborted ? new Error(`no answer within ${Math.ceil(leftMs)} ms`) : error;
    }
    const waitMs = Math.max(
      Math.random() * Math.min(LONGEST_WAIT_MS, firstWaitMs * 2 ** attempt),
      askedToWaitMs(answer),
    );
    if (performance.now() + waitMs >= end) {
      if (answer !== undefined) return answer;
      throw failure;
    }
    await sleep(waitMs, undefined, { signal: closing });
  }
}

/** `Retry-After` in seconds; a date is nothing that Google sends. */
function askedToWaitMs(answer: Answer | undefined): number {
  const seconds = answer?.headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1000 : 0;
}

class TooLong extends Error {
  constructor() {
    super(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    this.name = 'TooLong';
  }
}

async function readBounded({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body ?? []) {
    bytes += piece.byteLength;
    // Leaving the loop closes the connection.
    if (bytes > MAX_ANSWER_BYTES) throw new TooLong();
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
