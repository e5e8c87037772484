import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseListenAddress } from './listen-address.ts';

describe('parseListenAddress', () => {
  it.each<[string, string | undefined, number]>([
    [':5000', undefined, 5000],
    ['127.0.0.1:5000', '127.0.0.1', 5000],
    ['localhost:0', 'localhost', 0],
    ['[::1]:5000', '::1', 5000],
    ['[fe80::1%eth0]:80', 'fe80::1%eth0', 80],
    ['[]:80', undefined, 80],
  ])('%s', (text, host, port) => {
    expect(parseListenAddress(text, 'tcp')).toEqual({ kind: 'tcp', host, port });
  });

  it.each(['', '5000', 'localhost', '::1', '::1:5000', 'a b:1', ':65536', ':-1', ':', 'http://a:1', '[::1]'])(
    '"%s" is none',
    (text) => {
      expect(parseListenAddress(text, 'tcp').kind).toBe('wrong');
    },
  );

  it('takes any path for a socket', () => {
    expect(parseListenAddress('/run/a b', 'unix')).toEqual({ kind: 'unix', path: '/run/a b' });
    expect(parseListenAddress('', 'unix').kind).toBe('wrong');
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseListenAddress(text, 'tcp');
      }),
    );
  });
});
