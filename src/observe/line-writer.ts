import { write, writeSync } from 'node:fs';

/** Lines are gathered for so long at the most: one write for many of them. */
const FLUSH_INTERVAL_MS = 50;
/** Lines are dropped where so much waits for a reader that has stopped reading. */
const MAX_PENDING_CHARACTERS = 4 * 1024 * 1024;

/** Where lines go. */
export interface LineWriter {
  /** Takes a line, with its end. Never throws, and never waits. */
  write(line: string): void;
  /** Writes out what is still in memory, waiting for it, as long as that is possible. */
  flush(): void;
}

/**
 * Writes lines to a file descriptor behind the caller's back. A log that cannot be written, because its disk is full
 * or its reader gone, must not end or stop the server: its lines are dropped.
 */
export function openLineWriter(fd: number): LineWriter {
  let pending = '';
  let isWriting = false;
  let isScheduled = false;

  const writeOut = (): void => {
    isScheduled = false;
    if (isWriting || pending === '') return;
    const bytes = Buffer.from(pending);
    pending = '';
    isWriting = true;
    write(fd, bytes, (error, written) => {
      isWriting = false;
      if (error?.code === 'EAGAIN') pending = bytes.toString() + pending;
      else if (!error && written < bytes.byteLength) pending = bytes.toString('utf8', written) + pending;
      if (pending !== '') schedule();
    });
  };

  const schedule = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    setTimeout(writeOut, FLUSH_INTERVAL_MS).unref();
  };

  return {
    write(line) {
      if (pending.length >= MAX_PENDING_CHARACTERS) return;
      pending += line;
      if (!isWriting) schedule();
    },
    flush() {
      try {
        if (pending !== '') writeSync(fd, pending);
      } catch {
        // As above: there is nowhere left to say so.
      }
      pending = '';
    },
  };
}
