/** What a database column takes. */
export type SqlValue = string | number | null | Uint8Array;

export type Parameters = Readonly<Record<string, SqlValue>>;

/** A statement whose parameters are written as `:name`. */
export interface Query<P extends Parameters, Row> {
  readonly sql: string;
  /** Never set; they carry the types of the parameters and of the rows. */
  readonly parameters?: P;
  readonly row?: Row;
}

/**
 * Declares a statement once, for all its executions. The types are the caller's promise: the contract suite of the
 * index runs every statement.
 */
export function query<P extends Parameters, Row = never>(sql: string): Query<P, Row> {
  return { sql };
}

/** One connection to a database, within a transaction or outside of one. */
export interface Session {
  /** All rows. */
  all<P extends Parameters, Row>(query: Query<P, Row>, parameters: P): Promise<Row[]>;
  /** The first row. */
  first<P extends Parameters, Row>(query: Query<P, Row>, parameters: P): Promise<Row | undefined>;
  /** For statements without rows. @returns how many rows were changed */
  run<P extends Parameters, Row>(query: Query<P, Row>, parameters: P): Promise<number>;
}
