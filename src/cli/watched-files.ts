import { stat } from 'node:fs/promises';
import type { Logger } from '../ports.ts';

/** How soon a change is noticed. Asking again and again works on every file system, also those of a network. */
const INTERVAL_MS = 1_000;

/** Files whose changes are taken over while the program runs. */
export interface FileWatch {
  /** Looks once more, after a look that is under way; resolves when what it found is taken over. */
  look(): Promise<void>;
  /** Looks no more. */
  stop(): void;
}

/**
 * What tells one state of a file from another. Kubernetes replaces a folder behind a symbolic link, and `stat` follows
 * links: the inode then differs.
 */
async function signature(file: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(file, { bigint: true });
    return `${ino}:${size}:${mtimeNs}`;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
  }
}

/**
 * Calls `reload` after any of `files` has changed. Where it fails, what was in use before stays in use, the reason is
 * logged once, and the next change is tried again. Files that change together, such as a certificate and its key, may
 * be seen half changed; the second look then finds the rest.
 * @param what names the files in the log, such as `the certificate`
 */
export async function watchFiles(options: {
  readonly files: readonly string[];
  readonly what: string;
  readonly log: Logger;
  readonly reload: () => Promise<void> | void;
}): Promise<FileWatch> {
  const { files, what, log, reload } = options;
  const look = async (): Promise<string> => (await Promise.all(files.map(signature))).join(' ');
  let known = await look();
  let running: Promise<void> = Promise.resolve();

  const compare = async (): Promise<void> => {
    const now = await look();
    if (now === known) return;
    known = now;
    try {
      await reload();
      log.info('a changed file is in use', { what, files });
    } catch (error) {
      log.error('a changed file cannot be used; what was read before stays in use', { what, files, error });
    }
  };

  const next = (): Promise<void> => {
    running = running.then(compare);
    return running;
  };

  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    void next().finally(() => {
      isBusy = false;
    });
  }, INTERVAL_MS);
  timer.unref();
  return { look: next, stop: () => clearInterval(timer) };
}
