import type { LoginGuard } from '../auth/guarded-tokens.ts';
import type { ConfigDocument } from '../config/document.ts';
import type { Endpoint } from '../http/app.ts';
import type { ExternalUrl } from '../http/external-url.ts';
import type { AccessControl } from '../http/v2/access.ts';
import type { Index } from '../index/index.ts';
import type { Clock, Logger, Metrics } from '../ports.ts';
import type { BuiltinAuth } from './builtin-auth.ts';
import type { FileWatch } from './watched-files.ts';

/** What the configured kind of authentication brings along. */
export interface RegistryAccess {
  readonly control: AccessControl;
  readonly endpoints: readonly (readonly [string, Endpoint])[];
  /** The token service of its own, where there is one. */
  readonly builtin?: BuiltinAuth;
  /** Over the files that it was made from, where there are any; to be stopped in the end. */
  readonly watch?: FileWatch;
}

/** What it is made from. */
export interface AccessDependencies {
  readonly index: Index;
  readonly document: ConfigDocument;
  readonly urls: ExternalUrl;
  readonly clock: Clock;
  readonly log: Logger;
  /** What watches over logins. */
  readonly guard: LoginGuard;
  /** undefined: nobody would look at them. */
  readonly metrics: Metrics | undefined;
}
