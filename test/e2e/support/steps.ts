import { beforeEach } from 'vitest';

/**
 * For a describe block whose tests are steps of one story: after a step that failed the later ones are skipped
 * instead of failing for the same reason, and the failed one prints its evidence.
 */
export function steps(evidence: () => string): void {
  let failed: string | undefined;
  beforeEach((context) => {
    if (failed !== undefined) context.skip(`an earlier step failed: ${failed}`);
    context.onTestFailed(() => {
      failed = context.task.name;
      process.stderr.write(`\n${context.task.name}: evidence\n${shortened(evidence())}\n`);
    });
  });
}

/** The last lines of each part, none longer than a screen is wide some times over. */
function shortened(text: string): string {
  return text
    .split(/(?=^--- )/m)
    .flatMap((part) => part.trimEnd().split('\n').slice(-25))
    .map((line) => (line.length > 400 ? `${line.slice(0, 400)}…` : line))
    .join('\n');
}
