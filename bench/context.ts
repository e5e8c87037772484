import type { Cores } from './cores.ts';
import type { SigningKey } from './keys.ts';
import type { Loader } from './load/loader.ts';
import type { Options } from './options.ts';
import type { Program } from './server/program.ts';
import type { Workspace } from './workspace.ts';

/** Everything that a row may use. */
export interface Bench {
  readonly options: Options;
  readonly workspace: Workspace;
  /** EC P-256 key and certificate: both servers trust it, and the bench signs tokens with it. */
  readonly key: SigningKey;
  readonly loader: Loader;
  readonly cores: Cores | undefined;
  readonly berth: Program;
  /** Missing where the real registry is not installed. */
  readonly peer: Program | undefined;
}
