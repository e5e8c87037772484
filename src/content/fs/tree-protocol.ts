import type { TreeEntry, TreeFaultReason, TreeFile } from '../original-tree.ts';

/** The questions that the thread answers, with their arguments and answers. */
export interface TreeQuestions {
  list(path: string): TreeEntry[];
  read(path: string, maxBytes: number): TreeFile;
  sizeBytes(path: string): number;
}

export type TreeQuestionName = keyof TreeQuestions;

/** What the thread is asked. */
export interface TreeRequest {
  readonly id: number;
  readonly name: TreeQuestionName;
  readonly args: readonly unknown[];
}

/** What came of the request with this id; undefined where there is no such thing. */
export type TreeReply =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly fault: { readonly path: string; readonly reason: TreeFaultReason } }
  | { readonly id: number; readonly error: { readonly message: string; readonly code: string } };
