/** Where a value of the configuration was written. */
export type Place =
  /** 1-based line and column of a file. */
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  /** A file as a whole: it cannot be read, or something is missing from it. */
  | { readonly kind: 'whole-file'; readonly file: string }
  /** An environment variable; positions inside its value would help nobody. */
  | { readonly kind: 'variable'; readonly variable: string }
  /** A default that nobody wrote. */
  | { readonly kind: 'built-in' };

/** One thing that is wrong, and where. */
export interface ConfigProblem {
  readonly place: Place;
  readonly message: string;
}

/** `config.yml:12:5`, `config.yml`, `REGISTRY_HTTP_ADDR`, or `built-in configuration`. */
export function formatPlace(place: Place): string {
  switch (place.kind) {
    case 'file':
      return `${place.file}:${place.line}:${place.column}`;
    case 'whole-file':
      return place.file;
    case 'variable':
      return place.variable;
    case 'built-in':
      return 'built-in configuration';
  }
}

/** One line for people: the place, a colon, the message. */
function formatProblem(problem: ConfigProblem): string {
  return `${formatPlace(problem.place)}: ${problem.message}`;
}

/**
 * The configuration cannot be used. Everything wrong with it is reported at once: `message` has one line
 * for each of `problems`, in the order of the file. `file`, `line`, `column` and `variable` are those of
 * the first problem.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];
  readonly file: string | undefined;
  /** 1-based; undefined when the problem is not at one line of a file. */
  readonly line: number | undefined;
  /** 1-based; undefined when the problem is not at one line of a file. */
  readonly column: number | undefined;
  /** The environment variable at fault, if it is one. */
  readonly variable: string | undefined;

  constructor(problems: readonly [ConfigProblem, ...ConfigProblem[]], options?: ErrorOptions) {
    super(problems.map(formatProblem).join('\n'), options);
    this.problems = problems;
    const place = problems[0].place;
    this.file = place.kind === 'file' || place.kind === 'whole-file' ? place.file : undefined;
    this.line = place.kind === 'file' ? place.line : undefined;
    this.column = place.kind === 'file' ? place.column : undefined;
    this.variable = place.kind === 'variable' ? place.variable : undefined;
  }
}

/** An error for one problem; `cause` is kept for the log. */
export function configError(place: Place, message: string, cause?: unknown): ConfigError {
  return new ConfigError([{ place, message }], cause === undefined ? undefined : { cause });
}

const ORDER: readonly Place['kind'][] = ['whole-file', 'file', 'variable', 'built-in'];

/** Throws one `ConfigError` for all of `problems`, sorted by place; returns if there are none. */
export function throwIfAny(problems: readonly ConfigProblem[]): void {
  const [first, ...rest] = problems.toSorted(byPlace);
  if (first !== undefined) throw new ConfigError([first, ...rest]);
}

function byPlace(a: ConfigProblem, b: ConfigProblem): number {
  if (a.place.kind === 'file' && b.place.kind === 'file') {
    return a.place.line - b.place.line || a.place.column - b.place.column;
  }
  return ORDER.indexOf(a.place.kind) - ORDER.indexOf(b.place.kind);
}
