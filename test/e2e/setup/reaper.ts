import { cleanUp } from '../support/clean-up.ts';

/*
 * Runs beside the suite in a session of its own and cleans up when the suite's end of the pipe closes:
 * at the end, after a failure, on Ctrl-C and even when the suite itself is killed with signal 9.
 */
const root = process.argv[2];
if (root === undefined) throw new Error('usage: reaper.ts FOLDER');
process.on('SIGINT', () => undefined);
process.stdin.resume();
process.stdin.on('close', () => {
  cleanUp(root).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`clean-up of ${root}: ${String(error)}\n`);
      process.exit(1);
    },
  );
});
