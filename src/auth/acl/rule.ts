/** One rule of docker_auth's `acl` list, its types checked but its patterns not. */
export interface AclRule {
  readonly match: AclMatch;
  /** `[]` denies, exactly `["*"]` grants what is asked for. */
  readonly actions: readonly string[];
  readonly comment?: string | undefined;
}

/** All conditions must hold; an absent one always does. */
export interface AclMatch {
  readonly account?: string | undefined;
  readonly type?: string | undefined;
  readonly name?: string | undefined;
  readonly service?: string | undefined;
  /** An address or a network in CIDR notation. */
  readonly ip?: string | undefined;
  /** Label name → pattern for one of its values. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** One scope somebody asks for. */
export interface AclRequest {
  /** '' for anonymous. */
  readonly account: string;
  readonly type: string;
  readonly name: string;
  readonly service: string;
  /** The client's address; undefined if unknown, and then no `ip` condition holds. */
  readonly ip: string | undefined;
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly actions: readonly string[];
}

/** The conditions that are patterns over one text, in docker_auth's order. */
export const FIELDS = ['account', 'type', 'name', 'service'] as const;
export type Field = (typeof FIELDS)[number];

/** The values of a label; none for a label the account does not have, whatever its name. */
export function labelValues(labels: AclRequest['labels'], label: string): readonly string[] {
  return Object.hasOwn(labels, label) ? (labels[label] ?? []) : [];
}
