import { closeSync, openSync } from 'node:fs';
import { type LineWriter, openLineWriter } from '../line-writer.ts';
import type { AuditSink, OnDrop } from './sink.ts';

const MODE = 0o640;

/**
 * Adds lines to a file.
 * @param options.onFault told where it cannot be opened anew; the file that was open goes on to be written
 * @throws the system's error where it cannot be opened
 */
export function openFileSink(
  path: string,
  { onFault, onDrop }: { readonly onFault: (error: unknown) => void; readonly onDrop: OnDrop },
): AuditSink {
  let fd = openSync(path, 'a', MODE);
  let writer: LineWriter = openLineWriter(fd, onDrop);
  return {
    name: 'file',
    write: (line) => writer.write(`${line}\n`),
    reopen() {
      try {
        const next = openSync(path, 'a', MODE);
        writer.flush();
        closeSync(fd);
        fd = next;
        writer = openLineWriter(fd, onDrop);
      } catch (error) {
        onFault(error);
      }
    },
    async close() {
      writer.flush();
      closeSync(fd);
    },
  };
}
