import type { TakeOverFigures, TakeOverStatus } from '../takeover.ts';
import { query, type Session } from './query.ts';
import { takeOverStatus } from './takeover.ts';
import { IS_UNUSED } from './takeover-files.ts';

const FIGURES = query<
  Record<string, never>,
  Record<Exclude<keyof TakeOverFigures, keyof TakeOverStatus>, number>
>(
  `SELECT
     (SELECT COUNT(*) FROM takeover_repositories) AS repositories,
     (SELECT COUNT(*) FROM takeover_repositories WHERE done_at IS NULL) AS waiting,
     (SELECT COALESCE(SUM(manifests), 0) FROM takeover_repositories) AS manifests,
     (SELECT COALESCE(SUM(tags), 0) FROM takeover_repositories) AS tags,
     (SELECT COALESCE(SUM(blobs), 0) FROM takeover_repositories) AS blobs,
     (SELECT COUNT(*) FROM takeover_files WHERE ${IS_UNUSED}) AS unusedFiles,
     (SELECT COALESCE(SUM(size), 0) FROM takeover_files WHERE ${IS_UNUSED}) AS unusedBytes,
     (SELECT COUNT(*) FROM takeover_findings) AS findings`,
);

const PROGRESS = query<Record<string, never>, { repositories: number; waiting: number }>(
  `SELECT
     (SELECT COUNT(*) FROM takeover_repositories) AS repositories,
     (SELECT COUNT(*) FROM takeover_repositories WHERE done_at IS NULL) AS waiting`,
);

export async function takeOverProgress(session: Session): Promise<{ repositories: number; waiting: number }> {
  return (await session.first(PROGRESS, {})) ?? { repositories: 0, waiting: 0 };
}

export async function takeOverFigures(session: Session): Promise<TakeOverFigures | undefined> {
  const status = await takeOverStatus(session);
  const figures = await session.first(FIGURES, {});
  return status && figures && { ...status, ...figures };
}
