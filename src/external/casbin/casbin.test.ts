import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CasbinAuthorizer } from './authorizer.ts';
import { csvFields } from './csv.ts';
import { loadEnforcer } from './enforcer.ts';
import { labelMatch } from './label-match.ts';

/* The model and the rules of docker_auth's examples, and the cases of its own tests, by their facts. */

const MODEL = `
[request_definition]
r = account, type, name, service, ip, action, labels

[policy_definition]
p = account, type, name, service, ip, action, labels

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.account == "admin" || (g(r.account, p.account) && r.type == p.type && r.name == p.name && r.service == p.service && ipMatch(r.ip, p.ip) && r.action == p.action && labelMatch(r.labels, p.labels))
`;
const POLICY = `
p, alice, book, book1, bookstore1, 1.2.3.4, read, "{""a"":[""b""]}"
p, alice, book, book1, bookstore1, 1.2.3.4, write, "{""a"":[""b""]}"
p, role1, book, book2, bookstore1, 192.168.1.0/24, read, "{""a"":[""b"",""c""]}"

g, bob, role1
`;

type Labels = Readonly<Record<string, readonly string[]>>;

async function rulesOf(policy = POLICY, model = MODEL) {
  return new CasbinAuthorizer(await loadEnforcer(model, policy), 'casbin_authz (auth.yml:1:1)');
}

describe('labelMatch', () => {
  test.each<[Labels, Labels, boolean]>([
    [{ a: ['b'] }, { a: ['b'] }, true],
    [{ a: ['b'] }, { a: ['c'] }, false],
    [{ a: ['b', 'c'] }, { a: ['b'] }, true],
    [{ a: ['b'] }, { a: ['b', 'c'] }, false],
    [{ a: ['b', 'c'], d: ['e'] }, { a: ['b', 'c'] }, true],
    [{ a: ['b'] }, { a: ['b', 'c'], d: ['f'] }, false],
    [{}, {}, true],
    [{}, { a: [] }, true],
    [{}, { constructor: ['x'] }, false],
  ])('%j of an account, %j demanded: %j', (has, demanded, expected) => {
    expect(labelMatch(has, demanded)).toBe(expected);
  });
});

describe("docker_auth's cases", () => {
  const ALL = ['write', 'read', 'delete'];
  const BC: Labels = { a: ['b', 'c'] };
  const BCE: Labels = { a: ['b', 'c'], d: ['e'] };
  test.each<[string, string, string, string, string, Labels, readonly string[]]>([
    ['alice', 'book', 'book1', 'bookstore1', '1.2.3.4', { a: ['b'] }, ['write', 'read']],
    ['alice', 'book', 'book1', 'bookstore1', '1.2.3.3', { a: ['b'] }, []],
    ['alice', 'book', 'book2', 'bookstore2', '1.2.3.4', { a: ['b'] }, []],
    ['alice', 'pen', 'book1', 'bookstore1', '1.2.3.4', { a: ['b'] }, []],
    ['alice', 'book', 'book1', 'bookstore1', '1.2.3.4', { a: ['c'] }, []],
    ['alice', 'book', 'book1', 'bookstore1', '1.2.3.4', BC, ['write', 'read']],
    ['bob', 'book', 'book2', 'bookstore1', '192.168.1.123', BCE, ['read']],
    ['bob', 'book', 'book2', 'bookstore1', '192.168.1.123', { a: ['b'], d: ['e'] }, []],
    ['bob', 'book', 'book2', 'bookstore1', '192.168.0.123', BCE, []],
    ['bob', 'book', 'book2', 'bookstore1', '192.168.1.123', BC, ['read']],
    ['bob', 'book', 'book2', 'restaurant', '192.168.1.123', BCE, []],
    ['admin', 'book', 'book1', 'bookstore1', '1.2.3.4', { a: ['b'] }, ALL],
    ['admin', 'book', 'book1', 'bookstore1', '1.2.3.3', { a: ['b'] }, ALL],
    ['admin', 'book', 'book2', 'bookstore2', '1.2.3.4', { a: ['b'] }, ALL],
    ['admin', 'pen', 'book1', 'bookstore1', '1.2.3.4', { a: ['b'] }, ALL],
    ['admin', 'book', 'book1', 'bookstore1', '1.2.3.4', { a: ['c'] }, ALL],
    ['admin', 'book', 'book1', 'bookstore1', '1.2.3.4', BC, ALL],
  ])(
    '%s, %s %s of %s from %s with %j: %j',
    async (account, type, name, service, address, labels, granted) => {
      const rules = await rulesOf();
      const who = { account, labels, isAdmin: false };
      expect(rules.authorize(who, { type, name, actions: ALL }, { service, address })).toEqual({
        ...{ granted, rule: 'casbin_authz (auth.yml:1:1)' },
      });
    },
  );
});

describe('casbin_authz', () => {
  const ask = (rules: CasbinAuthorizer, account: string, address?: string, labels: Labels = { a: ['b'] }) =>
    rules.authorize(
      { account, labels, isAdmin: false },
      { type: 'book', name: 'book1', actions: ['read'] },
      { service: 'bookstore1', address },
    ).granted;

  test('a client without address is in no network, and that is no failure', async () => {
    expect(ask(await rulesOf(), 'alice')).toEqual([]);
    expect(ask(await rulesOf(), 'admin')).toEqual(['read']);
  });

  test('an account without labels fulfils only rules that demand none', async () => {
    const open = 'p, alice, book, book1, bookstore1, 0.0.0.0/0, read, ""';
    expect(ask(await rulesOf(), 'alice', '1.2.3.4', {})).toEqual([]);
    expect(ask(await rulesOf(open), 'alice', '1.2.3.4', {})).toEqual(['read']);
  });

  test('an empty policy grants nobody anything but what the matcher itself does', async () => {
    const rules = await rulesOf('');
    expect([ask(rules, 'alice', '1.2.3.4'), ask(rules, '', '1.2.3.4')]).toEqual([[], []]);
    expect(ask(rules, 'admin', '1.2.3.4')).toEqual(['read']);
  });

  test('a policy that is empty lets nobody in, however the matcher compares', async () => {
    for (const matcher of [
      'r.account == p.account',
      'regexMatch(r.name, p.name)',
      'keyMatch(r.account, p.account) && regexMatch(r.name, p.name) && labelMatch(r.labels, p.labels)',
      'ipMatch(r.ip, p.ip)',
    ]) {
      const rules = await rulesOf('# nobody yet', MODEL.replace(/^m = .*$/m, `m = ${matcher}`));
      expect([ask(rules, ''), ask(rules, 'alice', '1.2.3.4')]).toEqual([[], []]);
    }
  });

  test('a field that is misspelt on both sides is refused, and not true for everybody', async () => {
    const model = MODEL.replace(/^m = .*$/m, 'm = r.acount == p.acount && r.type == "r.nothing"');
    await expect(loadEnforcer(model, POLICY)).rejects.toThrow(
      /the matcher uses r\.acount; known are account, type/,
    );
  });

  test('regexMatch is that of Go, and takes linear time', async () => {
    const model = MODEL.replace(/^m = .*$/m, 'm = regexMatch(r.account, p.account)');
    const rules = await rulesOf('p, "^(a+)+$", x, x, x, x, x, ""', model);
    expect(ask(rules, 'aaaa')).toEqual(['read']);
    const began = performance.now();
    expect(ask(rules, `${'a'.repeat(5_000)}!`)).toEqual([]);
    expect(performance.now() - began).toBeLessThan(5_000);
    const bad = await rulesOf('p, "(?=a)", x, x, x, x, x, ""', model).catch((error: Error) => error.message);
    expect(bad).toMatch(/regex/);
  });

  test('whatever an account is called, it is that account and no other', async () => {
    const rules = await rulesOf();
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '" || true || "',
        'admin"',
        'role1,x',
        'bob, role1',
        'r.account',
        'alice\0',
        '__proto__',
        'constructor',
      ),
    );
    fc.assert(
      fc.property(hostile, (account) => {
        fc.pre(account !== 'admin' && account !== 'alice');
        expect(ask(rules, account, '1.2.3.4')).toEqual([]);
      }),
    );
  });

  test.each<[string, string, RegExp, 'model' | 'policy', number | undefined]>([
    [
      'no matcher',
      MODEL.replace(/\[matchers\][\s\S]*/, ''),
      /missing required sections: matchers/,
      'model',
      undefined,
    ],
    [
      'a request of another form',
      MODEL.replace('r = account, type', 'r = account'),
      /has 6 fields/,
      'model',
      undefined,
    ],
    ['a matcher that is none', MODEL.replace(/^m = .*$/m, 'm = r.account =='), /./, 'model', undefined],
    [
      'a function that is not there',
      MODEL.replace('ipMatch(', 'ipMach('),
      /calls ipMach, which is not there; known are .*ipMatch/,
      'model',
      undefined,
    ],
  ])('a model with %s is refused', async (_, model, message, of, line) => {
    const failure = loadEnforcer(model, '');
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toMatchObject({ name: 'CasbinFault', of, line });
  });

  test.each<[string, RegExp]>([
    ['P, alice, book, book1, s, 1.2.3.4, read, ""', /knows no rules of the kind "P"/],
    ['p2, alice, book, book1, s, 1.2.3.4, read, ""', /knows no rules of the kind "p2"/],
    ['r, a, b, c, d, e, f, g', /knows no rules of the kind "r"/],
    ['p, alice, book', /it has 2 fields after p, not 7/],
    ['g, alice', /it has 1 fields after g, not 2/],
    ['p, alice, book, book1, s, 1.2.3.4, read, {"a":["b"]}', /quote/],
    ['p, alice, book, book1, s, 1.2.3.4, read, "{a:b}"', /labels are not JSON/],
    ['p, alice, book, book1, s, 1.2.3.4, read, "[]"', /"labels" is not an object/],
    ['p, "alice', /a quote is not closed/],
  ])('%s is refused, with its line', async (line, message) => {
    const failure = loadEnforcer(MODEL, `# comment\n${line}\n`);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toMatchObject({ of: 'policy', line: 2 });
  });

  test('a network that is none fails the request and grants nothing', async () => {
    const rules = await rulesOf('p, alice, book, book1, bookstore1, nonsense, read, ""');
    expect(() => ask(rules, 'alice', '1.2.3.4')).toThrow(
      /^casbin_authz: a rule cannot be evaluated: ipMatch/,
    );
  });
});

describe('a line of a policy', () => {
  test.each([
    ['p, a, b', ['p', 'a', 'b']],
    ['  p ,a  ,"b, c" , "d ""e"""', ['p', 'a', 'b, c', 'd "e"']],
    ['p,,', ['p', '', '']],
    ['p, "{""a"":[""""]}"', ['p', '{"a":[""]}']],
  ])('%s is %j', (line, fields) => {
    expect(csvFields(line)).toEqual(fields);
  });

  test('any fields come back as they were written in quotes', () => {
    const field = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.array(field, { minLength: 1 }), (fields) => {
        const line = fields.map((one) => `"${one.replaceAll('"', '""')}"`).join(', ');
        expect(csvFields(line)).toEqual(fields);
      }),
    );
  });
});
