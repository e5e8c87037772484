import type { GroupIndex } from '../../index/groups.ts';
import type { Identity } from '../identity/provider.ts';

/** The label under which rules find groups, as those of LDAP and OIDC. */
const LABEL = 'groups';

/**
 * Adds the groups that somebody is in now: those that the account was put into, and those to which a value of its
 * labels is mapped. Asked for each token, so that nothing of it is ever frozen.
 */
export async function withGroups(index: Pick<GroupIndex, 'of' | 'mapped'>, who: Identity): Promise<Identity> {
  if (who.account === '') return who;
  const groups = new Set(await index.of(who.account));
  for (const [label, values] of Object.entries(who.labels)) {
    for (const value of values) for (const group of await index.mapped(label, value)) groups.add(group);
  }
  if (groups.size === 0) return who;
  const labelled = new Set([...(who.labels[LABEL] ?? []), ...groups]);
  return { ...who, groups: [...groups].toSorted(), labels: { ...who.labels, [LABEL]: [...labelled] } };
}
