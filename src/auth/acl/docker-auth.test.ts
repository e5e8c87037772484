import { describe, expect, test } from 'vitest';
import { type AclMatch, type AclRequest, AclSyntaxError, compileAcl } from './policy.ts';

/** The cases of docker_auth's acl_test.go: what it accepts, and what matches. */

const accepts = (match: AclMatch) => compileAcl([{ match, actions: ['*'] }]);

describe('validation', () => {
  test.each<AclMatch>([
    {},
    { account: 'foo' },
    { account: 'foo?*' },
    { account: '/foo.*/' },
    { type: 'foo' },
    { type: 'foo?*' },
    { type: '/foo.*/' },
    { name: 'foo' },
    { name: 'foo?*' },
    { name: '/foo.*/' },
    { service: 'foo' },
    { service: 'foo?*' },
    { service: '/foo.*/' },
    { ip: '192.168.0.1' },
    { ip: '192.168.0.0/16' },
    { ip: '2001:db8::1' },
    { ip: '2001:db8::/48' },
    { labels: { foo: 'bar' } },
  ])('accepts %j', (match) => {
    expect(accepts(match).warnings).toEqual([]);
  });

  test.each<[AclMatch, string[]]>([
    [{ account: '/foo?*/' }, ['account']],
    [{ type: '/foo?*/' }, ['type']],
    [{ name: '/foo?*/' }, ['name']],
    [{ service: '/foo?*/' }, ['service']],
    [{ ip: '192.168.0.1/100' }, ['ip']],
    [{ ip: '192.168.0.*' }, ['ip']],
    [{ ip: 'foo' }, ['ip']],
    [{ ip: '2001:db8::/222' }, ['ip']],
    [{ labels: { foo: '/bar?*/' } }, ['labels', 'foo']],
  ])('refuses %j', (match, path) => {
    expect(() => accepts(match)).toThrow(AclSyntaxError);
    expect(() => accepts(match)).toThrow(expect.objectContaining({ path: [0, 'match', ...path] }));
  });
});

describe('matching', () => {
  const plain = { account: 'foo', type: 'bar', name: 'baz', service: 'notary' };
  const group = ['admins', 'VIP'];
  const project = ['api', 'frontend'];
  const grouped = { ...plain, labels: { group } };
  const inGroup = { ...grouped, name: 'admins/foo' };
  const inProject = { ...plain, name: 'VIP/api', labels: { group, project } };
  const inOther = { ...inProject, name: 'devs/api' };
  const john = { account: 'john.smith@test.com', name: 'john.smith/test' };
  const johnIt = { account: 'john.smith@it.test.com', name: 'john.smith-it/test' };

  test.each<[AclMatch, Partial<AclRequest>, boolean]>([
    [{}, plain, true],
    [{ account: 'foo' }, plain, true],
    [{ account: 'foo', type: 'bar' }, plain, true],
    [{ account: 'foo', type: 'baz' }, plain, false],
    [{ account: 'fo?', type: 'b*', name: '/z$/' }, plain, true],
    [{ account: 'fo?', type: 'b*', name: '/^z/' }, plain, false],
    [{ name: `\${account}` }, { account: 'foo', name: 'foo' }, true],
    [{ name: `/\${account}_.*/` }, { account: 'foo', name: 'foo_x' }, true],
    [{ name: `/\${account}_.*/` }, { account: '.*', name: 'foo_x' }, false],
    [{ account: '/^(.+)@test\\.com$/', name: `\${account:1}/*` }, john, true],
    [{ account: '/^(.+)@test\\.com$/', name: `\${account:3}/*` }, john, false],
    [{ account: '/^(.+)@(.+?).test\\.com$/', name: `\${account:1}-\${account:2}/*` }, johnIt, true],
    [{ service: 'notary', type: 'bar' }, plain, true],
    [{ service: 'notary', type: 'baz' }, plain, false],
    [{ service: 'notary1', type: 'bar' }, plain, false],
    [{ ip: '127.0.0.1' }, { ip: undefined }, false],
    [{ ip: '127.0.0.1' }, { ip: '127.0.0.1' }, true],
    [{ ip: '127.0.0.1' }, { ip: '127.0.0.2' }, false],
    [{ ip: '127.0.0.2' }, { ip: '127.0.0.1' }, false],
    [{ ip: '127.0.0.0/8' }, { ip: '127.0.0.1' }, true],
    [{ ip: '127.0.0.0/8' }, { ip: '127.0.0.2' }, true],
    [{ ip: '2001:db8::1' }, { ip: undefined }, false],
    [{ ip: '2001:db8::1' }, { ip: '2001:db8::1' }, true],
    [{ ip: '2001:db8::1' }, { ip: '2001:db8::2' }, false],
    [{ ip: '2001:db8::2' }, { ip: '2001:db8::1' }, false],
    [{ ip: '2001:db8::/48' }, { ip: '2001:db8::1' }, true],
    [{ ip: '2001:db8::/48' }, { ip: '2001:db8::2' }, true],
    [{ labels: { foo: 'bar' } }, plain, false],
    [{ labels: { foo: 'bar' } }, grouped, false],
    [{ labels: { group: 'admins' } }, grouped, true],
    [{ labels: { foo: 'bar', group: 'admins' } }, grouped, false],
    [{ labels: { group: 'VIP' } }, grouped, true],
    [{ labels: { group: 'a*' } }, grouped, true],
    [{ labels: { group: '/(admins|VIP)/' } }, grouped, true],
    [{ name: `\${labels:group}/*` }, plain, false],
    [{ name: `\${labels:noexist}/*` }, grouped, false],
    [{ name: `\${labels:group}/*` }, inGroup, true],
    [{ name: `\${labels:noexist}/*` }, inGroup, false],
    [{ name: `\${labels:group}/\${labels:project}` }, inProject, true],
    [{ name: `\${labels:group}/\${labels:noexist}` }, inProject, false],
    [{ name: `\${labels:project}/\${labels:group}` }, { ...inProject, name: 'api/VIP' }, true],
    [{ name: `\${labels:group}/\${labels:noexist}` }, inOther, false],
    [{ name: `\${labels:group}/\${labels:project}` }, inOther, false],
  ])('%j on %j: %j', (match, given, expected) => {
    const request: AclRequest = {
      account: '',
      type: '',
      name: '',
      service: '',
      ip: undefined,
      labels: {},
      actions: ['pull'],
      ...given,
    };
    for (const unquotedPlaceholders of [false, true]) {
      const decision = compileAcl([{ match, actions: ['*'] }], { unquotedPlaceholders }).authorize(request);
      expect(decision).toEqual(expected ? { ruleIndex: 0, granted: ['pull'] } : 'no-match');
    }
  });
});
