import { closeSync, openSync } from 'node:fs';
import { type LineWriter, openLineWriter } from '../line-writer.ts';
import type { AuditSink } from './sink.ts';

const MODE = 0o640;

/**
 * Adds lines to a file.
 * @param onFault told where it cannot be opened anew; the file that was open goes on to be written
 * @throws the system's error where it cannot be opened
 */
export function openFileSink(path: string, onFault: (error: unknown) => void): AuditSink {
  let fd = openSync(path, 'a', MODE);
  let writer: LineWriter = openLineWriter(fd);
  return {
    name: 'file',
    write: (line) => writer.write(`${line}\n`),
    reopen() {
      try {
        const next = openSync(path, 'a', MODE);
        writer.flush();
        closeSync(fd);
        fd = next;
        writer = openLineWriter(fd);
      } catch (error) {
        onFault(error);
      }
    },
    dropped: 0,
    async close() {
      writer.flush();
      closeSync(fd);
    },
  };
}
