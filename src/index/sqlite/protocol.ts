import type { TransactionName } from '../sql/transactions.ts';

/** What the writer's thread is asked. */
export type WriterRequest =
  | { readonly id: number; readonly name: TransactionName; readonly args: readonly unknown[] }
  | { readonly close: true };

/** What of an error crosses from one thread to the other. */
export interface WriterFault {
  readonly message: string;
  readonly code: string | undefined;
  readonly stack: string | undefined;
}

/** What became of the request with this id. */
export type WriterReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly fault: WriterFault };

/** The thread's messages: first `ready` or `failed`, then replies in the groups in which they were committed. */
export type WriterMessage =
  | { readonly ready: true }
  | { readonly failed: WriterFault }
  | { readonly replies: readonly WriterReply[] };

/** An error as it crosses threads; a copy of it would lose its code. */
export function toFault(error: unknown): WriterFault {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return error instanceof Error
    ? { message: error.message, code, stack: error.stack }
    : { message: String(error), code, stack: undefined };
}

/** A fault of the index. `code` is SQLite's, such as `SQLITE_FULL`. */
export class IndexFault extends Error {
  readonly code: string | undefined;

  constructor(fault: WriterFault) {
    super(fault.message);
    this.name = 'IndexFault';
    this.code = fault.code;
    if (fault.stack !== undefined) this.stack = fault.stack;
  }
}
