import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatLimit, narrowedBy, parseLimit } from './limits.ts';
import { CompiledPatterns } from './patterns.ts';

describe('limits of a token', () => {
  test.each([
    ['team/**:pull,push', { pattern: 'team/**', actions: ['pull', 'push'] }],
    ['localhost:5000/app:pull', { pattern: 'localhost:5000/app', actions: ['pull'] }],
    ['/^team:/:*', { pattern: '/^team:/', actions: ['*'] }],
    ['app:pull,pull', { pattern: 'app', actions: ['pull'] }],
  ])('%s is read', (text, expected) => {
    expect(parseLimit(text)).toEqual(expected);
    expect(parseLimit(formatLimit(parseLimit(text)))).toEqual(expected);
  });

  test.each(['', 'app', 'app:', ':pull', 'app:admin', 'app:pull,', 'app:PULL', 'a[:pull', '/(/:pull'])(
    '%j is refused',
    (text) => expect(() => parseLimit(text)).toThrow(expect.objectContaining({ kind: 'invalid' })),
  );

  test('never add anything', () => {
    const actions = fc.subarray(['pull', 'push', 'delete', '*']);
    const names = fc.constantFrom('app', 'team/app', 'team/a/b', 'other');
    const limits = fc.array(
      fc.record({ pattern: fc.constantFrom('app', 'team/*', 'team/**', '**', '*'), actions }),
    );
    fc.assert(
      fc.property(
        limits,
        names,
        fc.constantFrom('repository', 'registry'),
        actions,
        (all, name, type, granted) => {
          const narrowed = narrowedBy(all, new CompiledPatterns())({ type, name, actions: granted }, granted);
          expect(granted).toEqual(expect.arrayContaining([...narrowed]));
          // More limits grant no less, and none grant nothing.
          const fewer = narrowedBy(all.slice(1), new CompiledPatterns())(
            { type, name, actions: granted },
            granted,
          );
          expect(narrowed).toEqual(expect.arrayContaining([...fewer]));
          if (all.length === 0 || type === 'registry') expect(narrowed).toEqual([]);
        },
      ),
    );
  });
});
