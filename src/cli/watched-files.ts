import { stat } from 'node:fs/promises';
import type { Logger } from '../ports.ts';

/** How soon a change is noticed. Asking again and again works on every file system, also those of a network. */
const INTERVAL_MS = 1_000;

/** Files that settle are taken for whole once they have not changed for so long; looked at so many times at the most. */
const SETTLE_MS = 100;
const MAX_SETTLE_LOOKS = 50;

/** Files whose changes are taken over while the program runs. */
export interface FileWatch {
  /**
   * Looks once more, after a look that is under way; resolves when what it found is taken over.
   * @param options.evenIfSame takes everything over anew, as if it had changed
   */
  look(options?: { readonly evenIfSame?: boolean }): Promise<void>;
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

async function signatures(files: readonly string[]): Promise<string> {
  return (await Promise.all(files.map(signature))).join(' ');
}

/** What the files are once nobody writes to them any more. */
async function settled(files: readonly string[], first: string): Promise<string> {
  let known = first;
  for (let looks = 0; looks < MAX_SETTLE_LOOKS; looks += 1) {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const now = await signatures(files);
    if (now === known) break;
    known = now;
  }
  return known;
}

/**
 * Calls `reload` after any of `files` has changed. Where it fails, what was in use before stays in use, the reason is
 * logged once, and the next change is tried again. Files that change together, such as a certificate and its key, may
 * be seen half changed; the second look then finds the rest.
 * @param options.files a function where a reload may make them others
 * @param options.settles waits until nothing more is written: where half a file would be taken for a whole one
 * @param options.what names the files in the log, such as `the certificate`
 */
export async function watchFiles(options: {
  readonly files: readonly string[] | (() => readonly string[]);
  readonly settles?: boolean;
  readonly what: string;
  readonly log: Logger;
  readonly reload: () => Promise<void> | void;
}): Promise<FileWatch> {
  const { what, log, reload } = options;
  const named = options.files;
  const filesNow = typeof named === 'function' ? named : () => named;
  let known = await signatures(filesNow());
  let running: Promise<void> = Promise.resolve();

  const compare = async (evenIfSame: boolean): Promise<void> => {
    const files = filesNow();
    const now = await signatures(files);
    if (now === known && !evenIfSame) return;
    known = options.settles === true && now !== known ? await settled(files, now) : now;
    try {
      await reload();
      // A file that is named only now was read this moment.
      if (filesNow() !== files) known = await signatures(filesNow());
      log.info('a changed file is in use', { what, files });
    } catch (error) {
      log.error('a changed file cannot be used; what was read before stays in use', { what, files, error });
    }
  };

  const next = ({ evenIfSame = false } = {}): Promise<void> => {
    running = running.then(() => compare(evenIfSame));
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
