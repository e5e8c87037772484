import type { TakeOverFigures, TakeOverFinding } from '../index/takeover.ts';
import { describeFinding } from '../lifecycle/takeover/finding-kinds.ts';
import { inUnits } from '../policy/bytes-text.ts';

function when(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** What the take-over came to, and how often each kind of thing was found. */
export function summaryLines(figures: TakeOverFigures, counts: Readonly<Record<string, number>>): string[] {
  const { finishedAtMs, startedAtMs, repositories, waiting, manifests, tags, blobs } = figures;
  const kinds = Object.entries(counts).map(
    ([kind, count]) =>
      [describeFinding(kind).isProblem, `  ${count} × ${kind}: ${describeFinding(kind).means}`] as const,
  );
  const problems = kinds.filter(([isProblem]) => isProblem).map(([, line]) => line);
  const notes = kinds.filter(([isProblem]) => !isProblem).map(([, line]) => line);
  return [
    finishedAtMs === undefined
      ? `The take-over, begun ${when(startedAtMs)}, is not finished: ${waiting} of ${repositories} known repositories wait.`
      : `The take-over was finished ${when(finishedAtMs)}.`,
    `Taken over: ${repositories - waiting} repositories, ${manifests} manifests, ${tags} tags, ${blobs} blobs.`,
    ...(finishedAtMs === undefined ? [] : [unusedLine(figures)]),
    ...(problems.length > 0 ? ['', 'Problems:', ...problems] : []),
    ...(notes.length > 0 ? ['', 'Also found:', ...notes] : []),
    ...(problems.length === 0 ? ['', 'Nothing is missing or damaged, as far as sizes tell.'] : []),
  ];
}

function unusedLine({ unusedFiles, unusedBytes }: TakeOverFigures): string {
  return `Files of blobs and manifests that no repository uses: ${unusedFiles} (${inUnits(unusedBytes)}).`;
}

/** One thing that was found, after its kind where that is another than before. */
export function findingLines({ kind, path, detail }: TakeOverFinding, isNewKind: boolean): string[] {
  const { means, advice } = describeFinding(kind);
  const heading = isNewKind ? ['', `${kind}: ${means}`, `  What to do: ${advice}.`] : [];
  return [...heading, `  ${path}${detail === '' ? '' : `  (${detail})`}`];
}
