import {
  type CompiledQuery,
  type DialectAdapter,
  DummyDriver,
  Kysely,
  type QueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Schema } from './schema.ts';

/** What a database column takes. */
export type SqlValue = string | number | null | Uint8Array;

type Parameters = Readonly<Record<string, SqlValue>>;

interface Compilable<Row> {
  compile(): CompiledQuery<Row>;
}

/** A statement that is built and compiled once, then executed with different parameters. */
export interface Query<P extends Parameters, Row> {
  readonly sql: string;
  /** The values to bind, in the order of the statement's placeholders. */
  bind(parameters: P): SqlValue[];
  /** Never set; it carries the type of the rows. */
  readonly row?: Row;
}

/** Stands in for a parameter's value while the statement is compiled. */
class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const compiler: Kysely<Schema> = new Kysely<Schema>({
  dialect: {
    createAdapter: (): DialectAdapter => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: (): QueryCompiler => new SqliteQueryCompiler(),
  },
});

/** Builds statements that are executed once and never kept, such as those of a migration. */
export const statements: Kysely<Schema> = compiler;

/**
 * Declares a query. `build` receives placeholders in the guise of values, so that kysely checks their types; it runs
 * once, at the first use, and must not look at them.
 */
export function defineQuery<P extends Parameters>(): <Row>(
  build: (db: Kysely<Schema>, parameters: P) => Compilable<Row>,
) => Query<P, Row> {
  return (build) => {
    let compiled: { sql: string; slots: readonly unknown[] } | undefined;
    const compile = (): { sql: string; slots: readonly unknown[] } => {
      const placeholders = new Proxy({} as P, {
        get: (_target, name) => new Placeholder(String(name)) as unknown,
      });
      const { sql, parameters } = build(compiler, placeholders).compile();
      return { sql, slots: parameters };
    };
    return {
      get sql() {
        compiled ??= compile();
        return compiled.sql;
      },
      bind(parameters) {
        compiled ??= compile();
        return compiled.slots.map((slot) =>
          slot instanceof Placeholder ? (parameters[slot.name] ?? null) : (slot as SqlValue),
        );
      },
    };
  };
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
