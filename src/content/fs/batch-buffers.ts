/** Bytes are gathered up to this size before they are written: fewer, larger calls. */
export const BATCH_BYTES = 512 * 1024;

const MAX_KEPT = 64;

const free: Buffer[] = [];

/** A buffer of `BATCH_BYTES`, of unknown content. Whoever takes it gives it back once nothing uses it any more. */
export function takeBatchBuffer(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(BATCH_BYTES);
}

/** To be called once for each buffer taken, when nothing uses it any more. */
export function giveBackBatchBuffer(buffer: Buffer): void {
  if (free.length < MAX_KEPT) free.push(buffer);
}
