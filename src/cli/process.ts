import type { ProcessLogger } from '../observe/log.ts';
import { Failure } from './failure.ts';

/** Resolves when a signal asks for the end. A second one ends the process at once. */
export async function untilSignal(log: ProcessLogger): Promise<void> {
  process.on('unhandledRejection', (error) =>
    log.error('a promise was rejected and nobody noticed', { error }),
  );
  process.on('uncaughtException', (error) => {
    log.error('an exception was thrown and nobody caught it; ending', { error });
    log.flush();
    process.exit(1);
  });
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  for (const again of ['SIGTERM', 'SIGINT'] as const) process.once(again, () => process.exit(1));
  log.info('stopping', { signal });
}

/** Calls `action` at each SIGHUP, which otherwise would end the process. */
export function onHangup(action: () => void): void {
  process.on('SIGHUP', action);
}

/** Ends with a message for the user where a command fails for a reason that the user can mend. */
export async function orExplain(command: () => Promise<void>, exitCode = 1): Promise<void> {
  try {
    await command();
  } catch (error) {
    const isExpected = error instanceof Failure || (error instanceof Error && error.name === 'ConfigError');
    const text = isExpected ? (error as Error).message : String((error as Error)?.stack ?? error);
    process.stderr.write(text.replaceAll(/^/gm, 'berth: ').concat('\n'));
    process.exitCode = exitCode;
  }
}
