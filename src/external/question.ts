import type { AccessContext } from '../auth/authorizer.ts';
import type { Identity } from '../auth/identity/provider.ts';
import type { Access } from '../oci/scope.ts';

/** docker_auth's `AuthRequestInfo`, in the order of its fields. */
export interface AuthRequestInfo {
  readonly Account: string;
  readonly Type: string;
  readonly Name: string;
  readonly Service: string;
  /** Empty where the client has no address. */
  readonly IP: string;
  readonly Actions: readonly string[];
  /** null where there are none, as Go writes a nil map. */
  readonly Labels: Readonly<Record<string, readonly string[]>> | null;
}

/** A request for access as docker_auth puts it to programs. */
export function authRequestInfo(who: Identity, wanted: Access, context: AccessContext): AuthRequestInfo {
  return {
    Account: who.account,
    Type: wanted.type,
    Name: wanted.name,
    Service: context.service,
    IP: context.address ?? '',
    Actions: wanted.actions,
    Labels: Object.keys(who.labels).length === 0 ? null : who.labels,
  };
}

const ESCAPED = /[<>&\u2028\u2029]/g;

/** Go's `json.Marshal` escapes what could mean something in HTML. */
function goEscaped(json: string): string {
  return json.replaceAll(
    ESCAPED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Labels as Go's `json.Marshal` writes them, with sorted keys: rules may compare the text. */
export function labelsJson(labels: AuthRequestInfo['Labels']): string {
  if (labels === null) return 'null';
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const written = pairs.map(([label, values]) => `${JSON.stringify(label)}:${JSON.stringify(values)}`);
  return goEscaped(`{${written.join(',')}}`);
}

/** The whole request in the same way. */
export function authRequestJson({ Labels: labels, ...others }: AuthRequestInfo): string {
  return `${goEscaped(JSON.stringify(others)).slice(0, -1)},"Labels":${labelsJson(labels)}}`;
}

/** A request for access as HTTP services and plugins are asked. Plain data. */
export interface AccessQuestion {
  /** Empty for a caller who did not log in. */
  readonly account: string;
  /** `repository` or `registry`. */
  readonly type: string;
  readonly name: string;
  /** The registry that asks. */
  readonly service: string;
  /** The address of the client; null where it has none. */
  readonly ip: string | null;
  /** What the client would like to do: `pull`, `push`, `delete`, `*`. */
  readonly actions: readonly string[];
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

/** The same request in the form of Berth's own interfaces. */
export function accessQuestion(who: Identity, wanted: Access, context: AccessContext): AccessQuestion {
  const { type, name, actions } = wanted;
  const { service, address } = context;
  return { account: who.account, type, name, service, ip: address ?? null, actions, labels: who.labels };
}
