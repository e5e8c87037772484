import type { OriginalFile, TakeOverFinding } from '../takeover.ts';
import { query, type Session } from './query.ts';
import { addOriginalFiles } from './takeover-files.ts';

const ADD = query<{ kind: string; path: string; detail: string }>(
  `INSERT INTO takeover_findings (kind, path, detail) VALUES (:kind, :path, :detail)
   ON CONFLICT (kind, path) DO UPDATE SET detail = excluded.detail`,
);

const PAGE = query<{ kind: string; path: string; limit: number }, TakeOverFinding>(
  `SELECT kind, path, detail FROM takeover_findings
   WHERE (kind, path) > (:kind, :path) ORDER BY kind, path LIMIT :limit`,
);

const COUNTS = query<Record<string, never>, { kind: string; n: number }>(
  'SELECT kind, COUNT(*) AS n FROM takeover_findings GROUP BY kind ORDER BY kind',
);

export async function addFindings(session: Session, findings: readonly TakeOverFinding[]): Promise<void> {
  for (const { kind, path, detail } of findings) await session.run(ADD, { kind, path, detail });
}

export async function addFilesAndFindings(
  session: Session,
  files: readonly OriginalFile[],
  findings: readonly TakeOverFinding[],
): Promise<void> {
  await addOriginalFiles(session, files);
  await addFindings(session, findings);
}

export async function listFindings(
  session: Session,
  page: { after: TakeOverFinding | undefined; limit: number },
): Promise<TakeOverFinding[]> {
  const { kind = '', path = '' } = page.after ?? {};
  return session.all(PAGE, { kind, path, limit: page.limit });
}

export async function countFindings(session: Session): Promise<Record<string, number>> {
  const rows = await session.all(COUNTS, {});
  return Object.fromEntries(rows.map(({ kind, n }) => [kind, n]));
}
