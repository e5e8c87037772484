import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HtpasswdSyntaxError, parseHtpasswd } from './htpasswd.ts';

const BADMIN = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';
const ONE_TWO_THREE = '$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya';

const hashes = (text: string) => Object.fromEntries(parseHtpasswd(text).hashes);

describe('a password file', () => {
  test.each([
    ['as htpasswd writes it', `admin:${BADMIN}\ntest:${ONE_TWO_THREE}\n`],
    ['without the last line’s end', `admin:${BADMIN}\ntest:${ONE_TWO_THREE}`],
    [
      'with comments, empty lines and blanks',
      `# people\n\n  admin:${BADMIN} \n\t#x:y\n \ntest:${ONE_TWO_THREE}\n\n`,
    ],
    ['with the line ends of Windows', `admin:${BADMIN}\r\ntest:${ONE_TWO_THREE}\r\n`],
  ])('%s', (_, text) => {
    expect(parseHtpasswd(text)).toEqual({
      hashes: new Map([
        ['admin', BADMIN],
        ['test', ONE_TWO_THREE],
      ]),
      ignored: [],
    });
  });

  test.each(['', '\n\n', '# nobody'])('with nobody in it: %j', (text) => {
    expect(parseHtpasswd(text)).toEqual({ hashes: new Map(), ignored: [] });
  });

  test.each(['$2a$', '$2b$', '$2y$', '$2x$'])('bcrypt as %s', (prefix) => {
    const hash = BADMIN.replace('$2y$', prefix);
    expect(hashes(`admin:${hash}`)).toEqual({ admin: hash });
  });

  test.each([
    ['MD5, the default of htpasswd', '$apr1$gVtCLUNy$Bz3WwEdRjfmVHfs6ifL8C1'],
    ['SHA-1', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='],
    ['crypt', 'rqXexS6ZhobKA'],
    ['SHA-512 crypt', '$6$salt$hash'],
    ['no hash at all', 'password'],
    ['nothing', ''],
    ['bcrypt that was cut off', BADMIN.slice(0, -1)],
    ['bcrypt and more', `${BADMIN}:more`],
    ['bcrypt of an impossible cost', BADMIN.replace('$05$', '$99$')],
    ['bcrypt of no cost', BADMIN.replace('$05$', '$03$')],
  ])('an entry of %s is passed over, and named by its line', (_, hash) => {
    expect(parseHtpasswd(`# one\nbob:${hash}\nadmin:${BADMIN}`)).toEqual({
      hashes: new Map([['admin', BADMIN]]),
      ignored: [{ line: 2, account: 'bob', reason: 'not-bcrypt' }],
    });
  });

  test('of two entries for a name the later holds, as in the original', () => {
    expect(parseHtpasswd(`a:${BADMIN}\na:${ONE_TWO_THREE}`)).toEqual({
      hashes: new Map([['a', ONE_TWO_THREE]]),
      ignored: [{ line: 1, account: 'a', reason: 'written-again' }],
    });
    // Also where the later one lets nobody in: the earlier must not come back to life.
    expect(hashes(`a:${BADMIN}\na:x`)).toEqual({});
  });

  test('an entry without a name lets nobody in', () => {
    expect(parseHtpasswd(`:${BADMIN}`)).toEqual({
      hashes: new Map(),
      ignored: [{ line: 1, account: '', reason: 'no-account' }],
    });
  });

  test('a line without a colon is an error that names the line, and not what stands there', () => {
    const read = () => parseHtpasswd(`admin:${BADMIN}\n\nhunter2\n`);
    expect(read).toThrow(HtpasswdSyntaxError);
    expect(read).toThrow(
      expect.objectContaining({ line: 3, message: expect.not.stringContaining('hunter2') }),
    );
  });

  test('reads back whoever was written, whatever the names', () => {
    const name = fc
      .oneof(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.constantFrom('__proto__', 'constructor', 'a b'),
      )
      .filter((text) => text.trim() === text && text !== '' && !/[:\n]/.test(text) && !text.startsWith('#'));
    fc.assert(
      fc.property(fc.uniqueArray(name), (names) => {
        const text = names.map((account) => `${account}:${BADMIN}\n`).join('');
        expect([...parseHtpasswd(text).hashes]).toEqual(names.map((account) => [account, BADMIN]));
      }),
    );
  });

  test('of any text is read, or refused by its line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          parseHtpasswd(text);
        } catch (error) {
          expect(error).toBeInstanceOf(HtpasswdSyntaxError);
        }
      }),
    );
  });
});
