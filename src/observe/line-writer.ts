import { write, writeSync } from 'node:fs';

/** Lines are gathered for so long at the most: one write for many of them. */
const FLUSH_INTERVAL_MS = 50;
/** Lines are dropped where so much waits for a reader that has stopped reading. */
const MAX_PENDING_CHARACTERS = 4 * 1024 * 1024;
const LINE_END = 10;

/** Where lines go. */
export interface LineWriter {
  /** Takes a line, with its end. Never throws, and never waits. */
  write(line: string): void;
  /** Writes out what is still in memory, waiting for it, as long as that is possible. */
  flush(): void;
}

/** Told how many lines were lost, and why: the system's error code, or that too many waited. */
export type OnDrop = (lines: number, reason: string) => void;

/**
 * Writes lines to a file descriptor behind the caller's back. A log that cannot be written, because its disk is full
 * or its reader gone, must not end or stop the server: its lines are dropped. What comes after a line that was cut begins
 * on a line of its own.
 */
export function openLineWriter(fd: number, onDrop: OnDrop = () => undefined): LineWriter {
  let pending = '';
  let isWriting = false;
  let isScheduled = false;
  /** What was written ends within a line, whose rest is the beginning of `pending`. */
  let isMidLine = false;
  /** The same, and the rest is lost. */
  let isCut = false;

  const take = (): { text: string; bytes: Buffer } => {
    const text = pending;
    pending = '';
    return { text, bytes: Buffer.from(isCut ? `\n${text}` : text) };
  };
  const wrote = (bytes: Buffer, written: number): void => {
    if (written === 0) return;
    isCut = false;
    isMidLine = bytes[written - 1] !== LINE_END;
    pending = bytes.toString('utf8', written) + pending;
  };
  const failed = (text: string, { code, name }: NodeJS.ErrnoException): void => {
    isCut ||= isMidLine;
    isMidLine = false;
    onDrop(text.split('\n').length - 1, code ?? name);
  };

  const writeOut = (): void => {
    isScheduled = false;
    if (isWriting || pending === '') return;
    const { text, bytes } = take();
    isWriting = true;
    write(fd, bytes, (error, written) => {
      isWriting = false;
      if (error === null) wrote(bytes, written);
      else if (error.code === 'EAGAIN') pending = text + pending;
      else failed(text, error);
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
      if (pending.length >= MAX_PENDING_CHARACTERS) {
        onDrop(1, 'too many lines wait to be written');
        return;
      }
      pending += line;
      if (!isWriting) schedule();
    },
    flush() {
      while (pending !== '') {
        const { text, bytes } = take();
        try {
          wrote(bytes, writeSync(fd, bytes));
        } catch (error) {
          failed(text, error as NodeJS.ErrnoException);
        }
      }
    },
  };
}
