import type { AccountAdministration } from '../../auth/accounts/administration.ts';
import type { AccessExplainer } from '../../auth/explain/access-explainer.ts';
import type { KeptLogins } from '../../auth/token/kept-logins.ts';
import type { Collector, Wishes } from '../../lifecycle/collect/collector.ts';
import type { Explain } from '../../lifecycle/explain/explain.ts';
import type { Journal } from '../../lifecycle/journal.ts';
import type { RetentionControl } from '../../lifecycle/retention/control.ts';
import type { Statistics } from '../../lifecycle/statistics.ts';
import type { Undelete } from '../../lifecycle/undelete.ts';
import type { Preparation } from '../../registry/preparation.ts';
import type { HttpRequest } from '../message.ts';

/** What the admin API works with. */
export interface Administration {
  readonly undelete: Undelete;
  readonly explain: Explain;
  /** Undefined where tokens come from elsewhere. */
  readonly access: Pick<AccessExplainer, 'explain'> | undefined;
  readonly journal: Journal;
  readonly collector: Collector;
  readonly retention: RetentionControl;
  readonly statistics: Statistics;
  /** What a collection does that was told nothing else. */
  readonly wishes: Wishes;
  readonly logins: KeptLogins;
  readonly accounts: AccountAdministration;
  /** What is to be known before a repository is asked for or changed; undefined where everything is. */
  readonly preparation?: Preparation | undefined;
}

/** What a handler of the admin API works with. */
export interface ApiContext extends Administration {
  readonly request: HttpRequest;
  /** Who asks; empty where nobody has to log in. */
  readonly account: string;
}
