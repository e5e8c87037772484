import { limitsOf, loginLimits, type OutsideLimits, ruleLimits } from './outside-schema.ts';
import { required, type Type, withDefault } from './schema.ts';
import { nonEmptyText, text } from './types-scalar.ts';
import { list, refine, section } from './types-section.ts';

/** A program that is run for each question. */
export interface ProgramSettings extends OutsideLimits {
  /** A name that is looked up in PATH, or a path. */
  readonly command: string;
  readonly args: readonly string[];
}

const programFields = {
  command: required(
    nonEmptyText,
    'The program; without a slash it is looked up in PATH, once, at the start.',
  ),
  args: withDefault(list(text), 'Its arguments.', [], ''),
};

/** `ext_auth`. */
export const extAuth: Type<ProgramSettings> = refine(
  section({ ...programFields, ...loginLimits }),
  ({ command, args, ...limits }, at) => ({ command, args, ...limitsOf(limits, at) }),
);

/** `ext_authz`. */
export const extAuthz: Type<ProgramSettings> = refine(
  section({ ...programFields, ...ruleLimits }),
  ({ command, args, ...limits }, at) => ({ command, args, ...limitsOf(limits, at) }),
);
