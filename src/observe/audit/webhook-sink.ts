import type { AuditSink, OnDrop } from './sink.ts';

export interface WebhookSinkOptions {
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly timeoutMs: number;
  /** So many entries wait at the most. */
  readonly queue: number;
  /** Told once when entries cannot be sent, and once when they can again; no secret is in the reason. */
  readonly onChange: (reason: string | undefined) => void;
  readonly onDrop: OnDrop;
}

const BATCH = 200;
const GATHER_MS = 200;
const MAX_RETRY_MS = 30_000;
const CLOSE_MS = 5_000;

/**
 * Sends entries as lines of JSON, several at a time, in order, each at least once as long as they fit into the queue.
 * A request that is answered with anything but 2xx is made again, later and later.
 */
export function openWebhookSink(options: WebhookSinkOptions): AuditSink {
  const { url, timeoutMs, queue, onChange, onDrop } = options;
  const headers = new Headers([...options.headers, ['Content-Type', 'application/x-ndjson']] as [
    string,
    string,
  ][]);
  let waiting: string[] = [];
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;

  const send = async (): Promise<void> => {
    const batch = waiting.slice(0, BATCH);
    const reason = await attempt(batch);
    if (reason === undefined) {
      waiting = waiting.slice(batch.length);
      if (failures > 0) onChange(undefined);
      failures = 0;
    } else {
      if (failures === 0) onChange(reason);
      failures += 1;
    }
  };

  const attempt = async (batch: readonly string[]): Promise<string | undefined> => {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers,
        body: batch.map((line) => `${line}\n`).join(''),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      await answer.body?.cancel();
      return answer.ok ? undefined : `it answered ${answer.status}`;
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return cause instanceof Error ? ('code' in cause ? String(cause.code) : cause.name) : 'unknown';
    }
  };

  const schedule = (): void => {
    if (timer !== undefined || sending !== undefined || waiting.length === 0) return;
    const wait = failures === 0 ? GATHER_MS : Math.min(MAX_RETRY_MS, 500 * 2 ** Math.min(failures, 10));
    timer = setTimeout(() => {
      timer = undefined;
      sending = send().finally(() => {
        sending = undefined;
        schedule();
      });
    }, wait);
    timer.unref();
  };

  return {
    name: 'webhook',
    write(line) {
      if (waiting.length >= queue) {
        onDrop(1, 'the queue for the webhook is full');
        return;
      }
      waiting.push(line);
      schedule();
    },
    async close() {
      clearTimeout(timer);
      const untilMs = performance.now() + CLOSE_MS;
      await sending;
      while (waiting.length > 0 && failures < 2 && performance.now() < untilMs) await send();
      if (waiting.length > 0) onDrop(waiting.length, 'Berth is ending, and the webhook takes no more');
      waiting = [];
    },
  };
}
