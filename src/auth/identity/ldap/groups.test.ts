import { describe, expect, test } from 'vitest';
import { entry, FakeDirectory } from '../../../../test/support/fake-directory.ts';
import type { Filter } from './filter.ts';
import { findGroups, type GroupSearch } from './groups.ts';
import { parseFilter } from './parse-filter.ts';

const BOB = { dn: 'uid=bob', account: 'bob' };

/** @param memberOf the groups of each entry, by name */
async function groupsOf(
  memberOf: Readonly<Record<string, readonly string[]>>,
  options: Partial<GroupSearch> = {},
): Promise<{ names: readonly string[]; searches: readonly Filter<string>[] }> {
  const fake = new FakeDirectory();
  const membersIn = (filter: Filter<string>): readonly string[] => {
    if (filter.kind === 'or') return filter.parts.flatMap(membersIn);
    return filter.kind === 'equal' || filter.kind === 'extensible' ? [filter.value] : [];
  };
  fake.find = ({ filter }) => {
    const names = new Set(membersIn(filter).flatMap((member) => memberOf[member] ?? []));
    return [...names].map((name) => entry(name, { cn: [name.slice('cn='.length)] }));
  };
  const names = await findGroups(
    await fake.connect(fake.endpoint),
    {
      base: 'ou=groups',
      filter: parseFilter(`(member=\${dn})`, ['dn', 'account']),
      attribute: 'cn',
      label: 'groups',
      nested: 'search',
      ...options,
    },
    BOB,
  );
  return { names, searches: fake.searches.map(({ filter }) => filter) };
}

const chain = (length: number) =>
  Object.fromEntries(
    Array.from({ length }, (_, index) => [index === 0 ? 'uid=bob' : `cn=${index}`, [`cn=${index + 1}`]]),
  );

test('groups of groups are found where they are asked for, each once', async () => {
  const memberOf = { 'uid=bob': ['cn=a', 'cn=b'], 'cn=a': ['cn=c'], 'cn=b': ['cn=c', 'cn=d'] };
  const { names, searches } = await groupsOf(memberOf);
  expect(names).toEqual(['a', 'b', 'c', 'd']);
  expect(searches.length, 'one search for each level').toBe(3);
  expect((await groupsOf(memberOf, { nested: 'no' })).names).toEqual(['a', 'b']);
});

test('circles end', async () => {
  const { names } = await groupsOf({
    'uid=bob': ['cn=a'],
    'cn=a': ['cn=b'],
    'cn=b': ['cn=a', 'CN=B', 'cn=c'],
    'cn=c': ['cn=c'],
  });
  expect(names).toEqual(['a', 'b', 'c']);
});

test('ten levels above the first are the most', async () => {
  expect((await groupsOf(chain(10))).names).toHaveLength(10);
  await expect(groupsOf(chain(20))).rejects.toThrow('uid=bob is in groups of groups of more than 10 levels');
});

test('more groups than Active Directory allows are an error; until there, they are asked about in batches', async () => {
  const many = (count: number) => ({ 'uid=bob': Array.from({ length: count }, (_, index) => `cn=${index}`) });
  const { names, searches } = await groupsOf(many(1_015));
  expect(names).toHaveLength(1_015);
  expect(searches).toHaveLength(1 + Math.ceil(1_015 / 50));
  await expect(groupsOf(many(1_016))).rejects.toThrow('uid=bob is in more than 1015 groups');
});

describe('filters', () => {
  test('in_chain leaves it to Active Directory', async () => {
    const { searches } = await groupsOf({ 'uid=bob': ['cn=a'] }, { nested: 'in_chain' });
    expect(searches).toEqual([
      {
        kind: 'extensible',
        attribute: 'member',
        rule: '1.2.840.113556.1.4.1941',
        dnAttributes: false,
        value: 'uid=bob',
      },
    ]);
  });

  test('by account, as in posixGroup', async () => {
    const { names } = await groupsOf(
      { bob: ['cn=posix'] },
      { filter: parseFilter(`(memberUid=\${account})`, ['account']), nested: 'no' },
    );
    expect(names).toEqual(['posix']);
  });
});
