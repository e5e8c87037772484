import { DirectoryError, type Entry, type LdapConnection } from './connection.ts';
import { type Fillings, type Filter, fillFilter, inChain, type Template } from './filter.ts';
import { valuesOf } from './labels.ts';

/** How the groups of an account are found. */
export interface GroupSearch {
  readonly base: string;
  /** With `${dn}` and `${account}`. */
  readonly filter: Filter<Template>;
  /** Of a group; its values become those of the label. */
  readonly attribute: string;
  readonly label: string;
  /** `search` asks again for the groups that a group is in; `in_chain` leaves that to Active Directory. */
  readonly nested: 'no' | 'search' | 'in_chain';
}

/** Active Directory lets nobody in with more, either. */
const MAX_GROUPS = 1_015;
const MAX_DEPTH = 10;
/** Groups that are asked about in one search. */
const BATCH = 50;

/**
 * The names of the groups that an account is in. Groups that contain each other are found once.
 * @throws DirectoryError where there are too many groups, or too many levels of them: some that are left out might be those
 *   to which a rule forbids something
 */
export async function findGroups(
  connection: LdapConnection,
  groups: GroupSearch,
  member: Required<Fillings>,
): Promise<readonly string[]> {
  const found = new Map<string, Entry>();
  let members: readonly Required<Fillings>[] = [member];
  for (let depth = 0; members.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) {
      throw new DirectoryError(`${member.dn} is in groups of groups of more than ${MAX_DEPTH} levels`);
    }
    const next: Required<Fillings>[] = [];
    for (const group of await containing(connection, groups, members)) {
      const key = group.dn.toLowerCase();
      if (found.has(key)) continue;
      found.set(key, group);
      next.push({ ...member, dn: group.dn });
    }
    if (found.size > MAX_GROUPS) {
      throw new DirectoryError(`${member.dn} is in more than ${MAX_GROUPS} groups`);
    }
    members = groups.nested === 'search' ? next : [];
  }
  return [...found.values()].flatMap((group) => valuesOf(group, groups.attribute));
}

async function containing(
  connection: LdapConnection,
  { base, filter, attribute, nested }: GroupSearch,
  members: readonly Required<Fillings>[],
): Promise<readonly Entry[]> {
  const asked = nested === 'in_chain' ? inChain(filter) : filter;
  const found: Entry[] = [];
  for (let start = 0; start < members.length; start += BATCH) {
    const parts = members.slice(start, start + BATCH).map((each) => fillFilter(asked, each));
    const [only, ...others] = parts;
    if (only === undefined) continue;
    found.push(
      ...(await connection.search({
        base,
        filter: others.length === 0 ? only : { kind: 'or', parts },
        attributes: [attribute],
        enough: undefined,
      })),
    );
  }
  return found;
}
