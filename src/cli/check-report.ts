import type { CheckReport } from '../config/check.ts';
import { formatPlace, type Place } from '../config/config-error.ts';
import type { Finding, Verdict } from '../config/verdict.ts';

/** How a report is worded. */
export interface ReportWords {
  readonly groups: readonly (readonly [verdict: Verdict, title: string, explanation: string])[];
  /** In the place of a file's name where there is none. */
  readonly noFile: string;
  /** The end where nothing has to be done. */
  readonly allIsWell: string;
  readonly open: string;
}

const REGISTRY_WORDS: ReportWords = {
  groups: [
    ['not-supported', 'Not supported', ', or wrong. berth serve refuses to start until this is changed'],
    ['works-differently', 'Works differently', ''],
    ['works-as-before', 'Works as before', ''],
  ],
  noFile: 'No configuration file; berth serve starts from its own defaults',
  allIsWell: 'Nothing changes its meaning unseen.',
  open: 'To be changed or decided',
};

/** For `berth auth --check`, which says nothing of what is as it should be. */
export const AUTH_WORDS: ReportWords = {
  groups: [
    [
      'not-supported',
      'Errors',
      '. berth auth refuses to start, or to take the file over, until they are gone',
    ],
    ['works-differently', 'Warnings', ''],
  ],
  noFile: '',
  allIsWell: 'berth auth can start with it.',
  open: 'To be changed',
};

/** The report for people: plain text, the gravest first, in the order of the file. */
export function formatReport({ file, findings }: CheckReport, words: ReportWords = REGISTRY_WORDS): string {
  const sorted = findings.toSorted((a, b) => compare(a.place, b.place));
  const source = file ?? words.noFile;
  const parts = words.groups.flatMap(([verdict, title, explanation]) => {
    const group = sorted.filter((finding) => finding.verdict === verdict);
    return group.length === 0 ? [] : [`${title}${explanation}:\n\n${rows(group)}`];
  });
  return [source, ...parts, summary(findings, words)].join('\n\n').concat('\n');
}

/** Place and key in columns; what is said of several in a row is said once, after the last. */
function rows(group: readonly Finding[]): string {
  const width = Math.max(...group.map(({ place }) => formatPlace(place).length));
  return group
    .flatMap((finding, index) => {
      const row = `  ${formatPlace(finding.place).padEnd(width)}  ${finding.key}`.trimEnd();
      const next = group[index + 1];
      const isSaidBelow = next !== undefined && next.notes.join() === finding.notes.join();
      return isSaidBelow ? [row] : [row, ...finding.notes.map((note) => `      ${note}`)];
    })
    .join('\n');
}

function summary(findings: readonly Finding[], { groups, allIsWell, open: toDo }: ReportWords): string {
  const counts = groups.map(
    ([verdict, title]) => `${title}: ${findings.filter((finding) => finding.verdict === verdict).length}.`,
  );
  const open = findings.filter(({ needsAction }) => needsAction).length;
  const end = open === 0 ? allIsWell : `${toDo}: ${open}.`;
  return [...counts, end].join(' ');
}

/** By place: the file from its beginning, then variables by name. */
function compare(a: Place, b: Place): number {
  if (a.kind === 'file' && b.kind === 'file') return a.line - b.line || a.column - b.column;
  if (a.kind === 'variable' && b.kind === 'variable') return a.variable < b.variable ? -1 : 1;
  return Number(a.kind === 'variable') - Number(b.kind === 'variable');
}

/** The same as JSON, one object. */
export function reportForMachines({ file, findings }: CheckReport): string {
  const options = findings.map(({ verdict, place, key, notes, needsAction }) => ({
    key,
    place: formatPlace(place),
    verdict,
    notes,
    needsAction,
  }));
  return `${JSON.stringify({ file: file ?? null, options }, null, 2)}\n`;
}
