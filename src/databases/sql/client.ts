/** A row, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>;

/** Connections to one SQL database, made when they are needed, bounded in number, each question with a time limit. */
export interface SqlClient {
  readonly dialect: 'mysql' | 'postgres' | 'sqlite3';
  /** For the operator: `mysql at db.example.com:3306`. */
  readonly place: string;
  /**
   * @param statement with `?` for each value
   * @throws Unreachable where it cannot be asked; the driver's error where it refuses
   */
  query(statement: string, values?: readonly string[]): Promise<readonly Row[]>;
  isMissingTable(error: unknown): boolean;
  close(): Promise<void>;
}

/** How many connections are kept to one database, in milliseconds how long a connection and an answer may take. */
export const LIMITS = { connections: 10, connectMs: 5_000, queryMs: 5_000, idleMs: 30_000 } as const;
