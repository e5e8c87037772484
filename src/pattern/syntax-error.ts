/**
 * A pattern that cannot be compiled. The message says what to write instead; whoever reads the configuration
 * adds file and line.
 */
export class PatternSyntaxError extends Error {
  readonly code: string = 'PATTERN_SYNTAX';
  readonly pattern: string;
  /** Where in `pattern` the fault is, in UTF-16 code units. */
  readonly offset: number;

  constructor(message: string, pattern: string, offset: number, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PatternSyntaxError';
    this.pattern = pattern;
    this.offset = offset;
  }
}

/** What Go's path.Match calls ErrBadPattern, wherever it is in the pattern. */
export class GlobSyntaxError extends PatternSyntaxError {
  override readonly code: string = 'GLOB_SYNTAX';

  constructor(message: string, pattern: string, offset: number) {
    super(`${message} (at character ${offset + 1} of "${pattern}")`, pattern, offset);
    this.name = 'GlobSyntaxError';
  }
}
