import { readAgain, required, type Type } from './schema.ts';
import { nonEmptyText } from './types-scalar.ts';
import { refine, section } from './types-section.ts';

/** Rules in casbin's language. Paths are as written, relative to the working directory. */
export interface CasbinSettings {
  readonly modelPath: string;
  readonly policyPath: string;
}

/** `casbin_authz`. */
export const casbinAuthz: Type<CasbinSettings> = refine(
  section({
    model_path: readAgain(
      required(nonEmptyText, 'File with the model: what a request is, and how rules match it.'),
    ),
    policy_path: readAgain(required(nonEmptyText, 'CSV file with the rules.')),
  }),
  ({ model_path: modelPath, policy_path: policyPath }) => ({ modelPath, policyPath }),
);
