import type { IpWords } from '../../ip.ts';
import type { Pattern } from './pattern.ts';
import type { AclPath } from './report.ts';
import type { AclRequest, Field } from './rule.ts';

/** A request with what is read from it once for all rules. */
export interface Subject {
  readonly request: AclRequest;
  readonly address: IpWords | undefined;
}

/** A pattern of a rule, and where it stands. */
export interface PlacedPattern {
  readonly text: string;
  readonly path: AclPath;
  readonly pattern: Pattern;
  readonly field: Field | undefined;
  /** Applies a test to what the pattern is about. */
  read(request: AclRequest, test: (text: string) => boolean): boolean;
}
