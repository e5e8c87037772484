import type { RuleTried } from '../authorizer.ts';

/** What is asked: who may do what, from where. */
export interface AccessQuestion {
  /** Empty: whoever does not log in. */
  readonly account: string;
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
  readonly service: string;
  readonly address: string | undefined;
  /** The name or the id of an access token of the account. */
  readonly token?: string | undefined;
  /** Labels beside those that are known. */
  readonly labels?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Groups of Berth's own beside those that the account is in. */
  readonly groups?: readonly string[] | undefined;
}

/** Whether an account can have a token at all. */
export type AccountState =
  | 'known'
  /** Nobody knows it. */
  | 'unknown'
  | 'disabled'
  | 'expired'
  /** Only its password would tell. */
  | 'untold';

/** A source of accounts, and what it says. */
export interface SourceAsked {
  readonly provider: string;
  readonly answer: string;
}

/** A source of rules: each rule that was tried, and what came of it. */
export interface RulesAsked {
  readonly authorizer: string;
  readonly outcome: 'decides' | 'leaves-it' | 'fails' | 'not-asked';
  readonly tried: readonly RuleTried[];
  /** What decided, or why it fails. */
  readonly reason?: string;
}

/** How it is decided what somebody may do, for the operator's eyes alone. */
export interface AccessExplanation {
  readonly account: string;
  readonly state: AccountState;
  readonly isAdmin: boolean;
  readonly isRobot: boolean;
  readonly labels: readonly { readonly label: string; readonly values: readonly string[] }[];
  readonly groups: readonly string[];
  readonly wanted: { readonly type: string; readonly name: string; readonly actions: readonly string[] };
  readonly service: string;
  readonly address?: string;
  readonly sources: readonly SourceAsked[];
  /** In the order in which they are asked. */
  readonly rules: readonly RulesAsked[];
  /** Limits of the token that was asked about. */
  readonly limits?: readonly string[];
  /** Sorted; what a token would have. */
  readonly granted: readonly string[];
  readonly refused: readonly { readonly action: string; readonly why: string }[];
}
