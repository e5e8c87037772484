/** A rule as docker_auth reads it. */
export interface Rule {
  readonly seq: number | null;
  readonly match?: unknown;
  readonly actions?: unknown;
}

/** A row of an account; the hash is what stands there, whatever it is. */
export interface Account {
  readonly username: string;
  readonly hash: string;
  readonly labels?: Readonly<Record<string, readonly string[]>>;
}

/** A real database with docker_auth's accounts and rules in it. */
export interface TestDatabase {
  readonly kind: 'mysql' | 'postgres' | 'sqlite3' | 'mongo';
  /** The sections of auth.yml that name it. */
  sections(cacheTtl: string): string;
  /** What of them is secret. */
  readonly secret: string | undefined;
  addAccounts(accounts: readonly Account[]): Promise<void>;
  setHash(username: string, hash: string): Promise<void>;
  /** From now on there are these rules: what is new is written first, in this order, and then the others go. */
  setRules(rules: readonly Rule[]): Promise<void>;
  /** The names of what `berth auth` has made there: tables with their columns, collections with their indexes. */
  made(): Promise<readonly string[]>;
  /** Takes it away at once, without a word to whoever is connected. */
  takeAway(): Promise<void>;
  bringBack(): Promise<void>;
  end(): Promise<void>;
}

/** Keeps the rules of a database as they are wanted; nobody ever reads fewer than are there before and after. */
export function ruleKeeper(
  add: (rule: Rule) => Promise<unknown>,
  remove: (seq: number | null) => Promise<unknown>,
): (rules: readonly Rule[]) => Promise<void> {
  let there: readonly Rule[] = [];
  return async (rules) => {
    for (const rule of rules) if (!there.includes(rule)) await add(rule);
    for (const rule of there) if (!rules.includes(rule)) await remove(rule.seq);
    there = rules;
  };
}
