import { expect, test } from 'vitest';
import { findUnreachable } from './unreachable.ts';

const rules = (...matches: Parameters<typeof findUnreachable>[0][number]['match'][]) =>
  matches.map((match) => ({ match }));

test('a rule without conditions hides all later ones', () => {
  expect(findUnreachable(rules({ account: 'a' }, {}, { account: 'b' }, {}))).toEqual([
    { ruleIndex: 2, hiddenBy: 1 },
    { ruleIndex: 3, hiddenBy: 1 },
  ]);
  expect(findUnreachable(rules({ labels: {} }, { ip: '::1' }))).toEqual([{ ruleIndex: 1, hiddenBy: 0 }]);
});

test('the same conditions in another order are the same', () => {
  const found = findUnreachable(
    rules(
      { account: 'a', labels: { x: '1', y: '2' } },
      { account: 'a' },
      { labels: { y: '2', x: '1' }, account: 'a' },
    ),
  );
  expect(found).toEqual([{ ruleIndex: 2, hiddenBy: 0 }]);
});

test('different conditions with the same text are not the same', () => {
  const found = findUnreachable(
    rules(
      { account: '' },
      { type: '' },
      { account: 'x' },
      { name: 'x' },
      { ip: '::1' },
      { service: '::1' },
      { labels: { a: 'x' } },
      { labels: { x: 'a' } },
    ),
  );
  expect(found).toEqual([]);
});
