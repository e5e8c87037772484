import { expect, test } from 'vitest';
import { type AclRequest, compileAcl } from './acl/policy.ts';
import { aclAuthorizer } from './acl-authorizer.ts';

const BOB = { account: 'bob', labels: { group: ['a', 'b'] }, isAdmin: true };
const WANTED = { type: 'repository', name: 'team/app', actions: ['push', 'pull'] };
const CONTEXT = { service: 'Docker registry', address: '192.0.2.1' };

test('asks the rules with all that is known', () => {
  const asked: AclRequest[] = [];
  const authorizer = aclAuthorizer({
    warnings: [],
    explain: () => ({ decision: 'no-match', passedOver: [] }),
    authorize(request) {
      asked.push(request);
      return { ruleIndex: 0, granted: ['pull'] };
    },
  });
  expect(authorizer.authorize(BOB, WANTED, CONTEXT)).toEqual({ granted: ['pull'], rule: 'acl, rule 1' });
  expect(authorizer.authorize(BOB, WANTED, { ...CONTEXT, address: undefined })).toBeDefined();
  const expected = {
    account: 'bob',
    labels: BOB.labels,
    type: 'repository',
    name: 'team/app',
    actions: ['push', 'pull'],
    service: 'Docker registry',
    ip: '192.0.2.1',
  };
  expect(asked).toEqual([expected, { ...expected, ip: undefined }]);
});

test('gives the answers of the rules', () => {
  const acl = compileAcl([
    { match: { name: 'team/*', labels: { group: 'b' } }, actions: ['pull'] },
    { match: { name: 'own/*', service: 'Docker registry' }, actions: ['*'] },
    { match: { name: 'closed/*' }, actions: [] },
  ]);
  const authorizer = aclAuthorizer(acl);
  const verdict = (name: string) => authorizer.authorize(BOB, { ...WANTED, name }, CONTEXT);
  expect(verdict('team/app')).toEqual({ granted: ['pull'], rule: 'acl, rule 1' });
  expect(verdict('own/app')).toEqual({ granted: ['push', 'pull'], rule: 'acl, rule 2' });
  // A rule that grants nothing decides; no rule leaves it to the next authorizer. To be an administrator is no rule.
  expect(verdict('closed/app')).toEqual({ granted: [], rule: 'acl, rule 3' });
  expect(verdict('other/app')).toBe('no-match');
});
