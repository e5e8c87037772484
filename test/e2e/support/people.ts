import { SERVICE_DN, SERVICE_PASSWORD, SUFFIX } from './slapd.ts';

/** An account of a directory, and the groups that it is in. */
export interface Person {
  readonly uid: string;
  readonly password: string;
  readonly title?: string;
}

export interface Group {
  readonly cn: string;
  /** Accounts by their `uid`, groups by `cn=…`. */
  readonly members: readonly string[];
}

/** The distinguished name of an account, however it is written. */
export function personDn(uid: string): string {
  // Hexadecimal throughout: the test is not to rest on an escaping of its own.
  const escaped = [...Buffer.from(uid)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
  return `uid=${escaped},ou=people,${SUFFIX}`;
}

/** A line of LDIF; in base64, so that any value is right (RFC 2849). */
const line = (name: string, value: string) => `${name}:: ${Buffer.from(value).toString('base64')}`;

/** The content of a directory as LDIF. */
export function ldifOf(people: readonly Person[], groups: readonly Group[]): string {
  const dnOf = (member: string) =>
    member.startsWith('cn=') ? `${member},ou=groups,${SUFFIX}` : personDn(member);
  const entries = [
    [`dn: ${SUFFIX}`, 'objectClass: dcObject', 'objectClass: organization', 'dc: example', 'o: Example'],
    ...['people', 'groups'].map((ou) => [
      `dn: ou=${ou},${SUFFIX}`,
      'objectClass: organizationalUnit',
      `ou: ${ou}`,
    ]),
    [
      `dn: ${SERVICE_DN}`,
      'objectClass: applicationProcess',
      'objectClass: simpleSecurityObject',
      'cn: berth',
      line('userPassword', SERVICE_PASSWORD),
    ],
    ...people.map(({ uid, password, title }) => [
      line('dn', personDn(uid)),
      'objectClass: inetOrgPerson',
      line('uid', uid),
      line('cn', uid),
      line('sn', uid),
      ...(title === undefined ? [] : [line('title', title)]),
      line('userPassword', password),
    ]),
    ...groups.map(({ cn, members }) => [
      `dn: cn=${cn},ou=groups,${SUFFIX}`,
      'objectClass: groupOfNames',
      `cn: ${cn}`,
      ...members.map((member) => line('member', dnOf(member))),
    ]),
  ];
  return entries.map((entry) => `${entry.join('\n')}\n`).join('\n');
}
