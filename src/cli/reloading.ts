import type { Logger } from '../ports.ts';
import { type FileWatch, watchFiles } from './watched-files.ts';

/** A configuration that is in use, with the files that it was made from. */
export interface InUse {
  readonly files: readonly string[];
}

/** Takes over changed files while the program runs. */
export interface Reloading {
  /** Reads everything again, whether files changed or not, as for SIGHUP. Resolves when that is done. */
  now(): Promise<void>;
  /** Looks whether files have changed; resolves when what it found is taken over. */
  look(): Promise<void>;
  stop(): void;
}

/**
 * Calls `take` whenever a file that the configuration consists of has changed. What is in use stays in use where that
 * throws: the new configuration is taken whole or not at all. The files watched are those of the configuration in use.
 * @param options.settleMs a file that is being written is read once it has not changed for so long
 */
export async function reloading(options: {
  readonly first: InUse;
  readonly take: () => Promise<InUse>;
  readonly log: Logger;
}): Promise<Reloading> {
  const { log, take } = options;
  let files = options.first.files;
  const reload = async (): Promise<void> => {
    ({ files } = await take());
  };
  const watch: FileWatch = await watchFiles({
    files: () => files,
    settles: true,
    what: 'the configuration',
    log,
    reload,
  });
  return { now: () => watch.look({ evenIfSame: true }), look: () => watch.look(), stop: watch.stop };
}
