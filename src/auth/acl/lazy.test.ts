import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { compileAcl } from './policy.ts';

const isLoaded = () =>
  Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('/re2js/'));

test('the regex engine is loaded when the first rule needs it', () => {
  const request = {
    account: 'a',
    type: 't',
    name: 'a/b',
    service: '',
    ip: undefined,
    labels: {},
    actions: ['pull'],
  };
  const acl = compileAcl([{ match: { name: `\${account}/*` }, actions: ['pull'] }]);
  expect(acl.authorize(request)).toEqual({ ruleIndex: 0, granted: ['pull'] });
  expect(isLoaded()).toBe(false);
  compileAcl([{ match: { name: '/^a/' }, actions: ['pull'] }]);
  expect(isLoaded()).toBe(true);
});
