import { createPublicKey } from 'node:crypto';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { accountRecord } from '../../test/support/account-record.ts';
import { ecKey, keyPem } from '../../test/support/certificates.ts';
import { StoppedClock } from '../../test/support/clock.ts';
import { decodeToken } from '../../test/support/jws.ts';
import { type Access, parseScopes } from '../oci/scope.ts';
import { compileAcl } from './acl/policy.ts';
import { aclAuthorizer } from './acl-authorizer.ts';
import { type Authorizer, OWN_NAMESPACE } from './authorizer.ts';
import { OwnAccounts } from './identity/own-accounts.ts';
import { PasswordChecker } from './identity/password-checker.ts';
import type { Identity, IdentityProvider } from './identity/provider.ts';
import { StaticUsers } from './identity/static-users.ts';
import { anyService, onlyService } from './services.ts';
import { TooManyLogins } from './slots.ts';
import { TokenIssuer } from './token/issue.ts';
import { type SigningKey, signingKeyOf } from './token/signing-key.ts';
import { TrustedKeys } from './token/trust.ts';
import { TokenVerifier } from './token/verify.ts';
import { AuthenticationFailed, type TokenRequest, TokenService, UnknownService } from './token-service.ts';

const BADMIN = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';
const ONE_TWO_THREE = '$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya';
const BOB: Identity = { account: 'bob', labels: {}, isAdmin: false };
const NOBODY: Identity = { account: '', labels: {}, isAdmin: false };

const clock = new StoppedClock();
const privateKey = ecKey();
let key: SigningKey;
let issuer: TokenIssuer;
beforeAll(async () => {
  key = await signingKeyOf(keyPem(privateKey));
  issuer = new TokenIssuer({ issuer: 'Acme', key, lifetimeSeconds: 900, clock });
});

type Answer = Awaited<ReturnType<IdentityProvider['authenticate']>>;

function provider(answer: Answer | Error, anonymous?: Identity) {
  const authenticate = vi.fn(async () => {
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return {
    name: 'fake',
    authenticate,
    pretend: vi.fn<IdentityProvider['pretend']>(async () => undefined),
    anonymous: vi.fn(() => anonymous),
  };
}

function authorizer(answer: readonly string[] | 'no-match') {
  const verdict = answer === 'no-match' ? answer : { granted: answer, rule: 'fake' };
  return { name: 'fake', authorize: vi.fn<Authorizer['authorize']>(() => verdict) };
}

interface Options {
  readonly providers?: readonly IdentityProvider[];
  readonly authorizers?: readonly Authorizer[];
  readonly only?: string;
  readonly revocations?: { generation(): Promise<number> };
}

function serviceOf({
  providers = [provider(BOB, NOBODY)],
  authorizers = [authorizer(['pull'])],
  only,
  ...rest
}: Options = {}) {
  const parts = { issuer, authorizers };
  const services = only === undefined ? anyService(parts) : onlyService({ name: only, ...parts });
  return new TokenService({ providers, services, ...rest });
}

function request(changes: Partial<TokenRequest> & { scope?: string } = {}): TokenRequest {
  const { scope = '', ...more } = changes;
  return {
    credentials: { account: 'bob', password: 'secret' },
    scopes: parseScopes([scope]),
    service: 'Docker registry',
    address: '192.0.2.1',
    ...more,
  };
}

const accessOf = (token: string) => decodeToken(token).claims['access'];

describe('who asks', () => {
  test('is whoever the first provider knows; the next are not asked', async () => {
    const second = provider({ ...BOB, account: 'other' });
    const answer = await serviceOf({ providers: [provider(BOB), second] }).answer(request());
    expect(answer.subject).toBe('bob');
    expect(decodeToken(answer.token).claims['sub']).toBe('bob');
    expect(second.authenticate).not.toHaveBeenCalled();
  });

  test('is asked of the next provider after no-match, with the same credentials', async () => {
    const [first, second] = [provider('no-match'), provider(BOB)];
    const answer = await serviceOf({ providers: [first, second] }).answer(request());
    expect(answer.subject).toBe('bob');
    for (const { authenticate } of [first, second]) {
      expect(authenticate.mock.calls).toEqual([[{ account: 'bob', password: 'secret' }]]);
    }
  });

  test('is nobody after a wrong password, whatever a later provider would say, as in docker_auth', async () => {
    const providers = [provider('no-match'), provider('wrong-password'), provider(BOB)];
    await expect(serviceOf({ providers }).answer(request())).rejects.toThrow(AuthenticationFailed);
  });

  test('is nobody where no provider knows them', async () => {
    for (const providers of [[], [provider('no-match')], [provider('no-match'), provider('no-match')]]) {
      await expect(serviceOf({ providers }).answer(request())).rejects.toThrow(AuthenticationFailed);
    }
  });

  test('is nobody after a wrong password, also where a later provider is out of reach', async () => {
    const away = provider('no-match');
    away.pretend.mockRejectedValue(new Error('out of reach'));
    const asked = serviceOf({ providers: [provider('wrong-password'), away] }).answer(request());
    await expect(asked).rejects.toBeInstanceOf(AuthenticationFailed);
    away.pretend.mockRejectedValue(new TooManyLogins());
    const crowded = serviceOf({ providers: [provider('wrong-password'), away] }).answer(request());
    await expect(crowded).rejects.toBeInstanceOf(TooManyLogins);
  });

  test('cannot tell a wrong password from an unknown user', async () => {
    const message = (answer: Answer) =>
      serviceOf({ providers: [provider(answer)] })
        .answer(request())
        .catch((error: unknown) => String(error));
    expect(await message('wrong-password')).toBe(await message('no-match'));
    expect(await message('no-match')).toBe('AuthenticationFailed: wrong user name or password');
  });

  test('is not decided by a provider that fails, nor by those behind it', async () => {
    const failing = provider(new Error('the directory is out of reach'));
    const second = provider(BOB);
    const asked = serviceOf({ providers: [failing, second] }).answer(request());
    await expect(asked).rejects.toThrow('the directory is out of reach');
    await expect(asked).rejects.not.toThrow(AuthenticationFailed);
    expect(second.authenticate).not.toHaveBeenCalled();
  });
});

describe('callers without credentials', () => {
  const anonymous = { credentials: undefined };

  test('are refused where no provider lets them in', async () => {
    const silent: IdentityProvider = {
      name: 'silent',
      pretend: async () => undefined,
      authenticate: async () => 'no-match',
    };
    for (const providers of [[], [silent], [provider(BOB)]]) {
      const asked = serviceOf({ providers }).answer(request(anonymous));
      await expect(asked).rejects.toThrow(new AuthenticationFailed('authentication required: log in first'));
    }
  });

  test('are whoever the first provider makes of them, without a password check', async () => {
    const [first, second] = [provider(BOB), provider(BOB, NOBODY)];
    const answer = await serviceOf({ providers: [first, second] }).answer(request(anonymous));
    expect(answer.subject).toBe('');
    expect(decodeToken(answer.token).claims['sub']).toBe('');
    expect(first.authenticate).not.toHaveBeenCalled();
    expect(second.authenticate).not.toHaveBeenCalled();
  });

  test('are not what becomes of a wrong password (docker_auth)', async () => {
    for (const answer of ['wrong-password', 'no-match'] as const) {
      const providers = [provider(answer, NOBODY)];
      await expect(serviceOf({ providers }).answer(request())).rejects.toThrow(AuthenticationFailed);
    }
  });
});

describe('which registry', () => {
  test('is any where none is fixed, byte for byte', async () => {
    for (const service of ['', 'Docker registry', 'a"b', 'Größe']) {
      const { token } = await serviceOf().answer(request({ service }));
      expect(decodeToken(token).claims['aud']).toBe(service);
    }
  });

  test('is the fixed one', async () => {
    const service = serviceOf({ only: 'berth' });
    for (const asked of ['berth', '']) {
      expect(decodeToken((await service.answer(request({ service: asked }))).token).claims['aud']).toBe(
        'berth',
      );
    }
  });

  test.each(['Berth', 'berth ', 'other', '*', 'x'.repeat(10_000)])(
    'is refused where it is another than the fixed one (%#)',
    async (service) => {
      const users = provider(BOB);
      const asked = serviceOf({ only: 'berth', providers: [users] }).answer(request({ service }));
      await expect(asked).rejects.toThrow(UnknownService);
      await expect(asked).rejects.toThrow(
        /^this token service does not know the registry "[^"]{1,100}"; the service .* configured here$/,
      );
      expect(users.authenticate).not.toHaveBeenCalled();
    },
  );

  test('is what the rules see, also where the request left it out', async () => {
    const rules = authorizer(['pull']);
    const service = serviceOf({ only: 'berth', authorizers: [rules] });
    await service.answer(request({ service: '', scope: 'repository:a:pull' }));
    expect(rules.authorize.mock.calls[0]?.[2]).toMatchObject({ service: 'berth', address: '192.0.2.1' });
  });
});

describe('what is granted', () => {
  test('nothing asked for is a token to log in with', async () => {
    const rules = authorizer(['*']);
    const answer = await serviceOf({ authorizers: [rules] }).answer(request());
    expect(answer.scope).toBe('');
    expect(accessOf(answer.token)).toEqual([]);
    expect(rules.authorize).not.toHaveBeenCalled();
  });

  test('is a part of what was asked for, and no error', async () => {
    const answer = await serviceOf().answer(request({ scope: 'repository:team/app:pull,push' }));
    expect(answer.scope).toBe('repository:team/app:pull');
    expect(accessOf(answer.token)).toEqual([{ type: 'repository', name: 'team/app', actions: ['pull'] }]);
  });

  test('may be nothing: an entry without actions, which the scope text leaves out', async () => {
    for (const authorizers of [
      [],
      [authorizer([])],
      [authorizer('no-match')],
      [authorizer([]), authorizer(['*'])],
    ]) {
      const answer = await serviceOf({ authorizers }).answer(
        request({ scope: 'repository:team/app:pull,push' }),
      );
      expect(answer.scope).toBe('');
      expect(accessOf(answer.token)).toEqual([{ type: 'repository', name: 'team/app', actions: [] }]);
    }
  });

  test('is said by the first authorizer that knows', async () => {
    const [first, second, third] = [authorizer('no-match'), authorizer(['push']), authorizer(['pull'])];
    const answer = await serviceOf({ authorizers: [first, second, third] }).answer(
      request({ scope: 'repository:a:pull,push' }),
    );
    expect(answer.scope).toBe('repository:a:push');
    expect(first.authorize).toHaveBeenCalledOnce();
    expect(third.authorize).not.toHaveBeenCalled();
  });

  test('is decided scope by scope, in their order, with sorted actions', async () => {
    const byName: Authorizer = {
      name: 'by name',
      authorize: (_, { name, actions }) => ({
        granted: name === 'b' ? [] : name === 'c' ? ['pull'] : actions,
        rule: name,
      }),
    };
    const scope =
      'repository:c:pull,push repository:b:pull registry:catalog:* repository:a:push,pull repository:c:pull';
    const answer = await serviceOf({ authorizers: [byName] }).answer(request({ scope }));
    expect(answer.scope).toBe(
      'repository:c:pull registry:catalog:* repository:a:pull,push repository:c:pull',
    );
    expect(accessOf(answer.token)).toEqual<Access[]>([
      { type: 'repository', name: 'c', actions: ['pull'] },
      { type: 'repository', name: 'b', actions: [] },
      { type: 'registry', name: 'catalog', actions: ['*'] },
      { type: 'repository', name: 'a', actions: ['pull', 'push'] },
      { type: 'repository', name: 'c', actions: ['pull'] },
    ]);
  });

  test('is asked for with who, what, for which registry and from where', async () => {
    const rules = authorizer(['pull']);
    await serviceOf({ authorizers: [rules] }).answer(
      request({ scope: 'repository(plugin):host:5000/a:pull' }),
    );
    const [who, wanted, context] = rules.authorize.mock.calls[0] ?? [];
    expect(who).toBe(BOB);
    expect(wanted).toEqual({ type: 'repository', name: 'host:5000/a', actions: ['pull'] });
    expect(context).toMatchObject({ service: 'Docker registry', address: '192.0.2.1' });
  });

  test('is nothing at all where an authorizer fails', async () => {
    const failing: Authorizer = {
      name: 'failing',
      authorize() {
        throw new Error('too many labels');
      },
    };
    const asked = serviceOf({ authorizers: [failing] }).answer(request({ scope: 'repository:a:pull' }));
    await expect(asked).rejects.toThrow('too many labels');
  });
});

test('the answer tells the lifetime and the time, and the token verifies', async () => {
  const answer = await serviceOf().answer(request({ scope: 'repository:a:pull' }));
  expect(answer).toMatchObject({ expiresInSeconds: 900, issuedAtMs: clock.now(), subject: 'bob' });
  const verifier = new TokenVerifier({
    keys: await TrustedKeys.create([], [createPublicKey(privateKey)], clock),
    issuer: 'Acme',
    audience: 'Docker registry',
    clock,
  });
  expect(await verifier.verify(answer.token)).toMatchObject({
    subject: 'bob',
    access: [{ type: 'repository', name: 'a', actions: ['pull'] }],
  });
});

describe('simple.yml of docker_auth', () => {
  const users = new Map([
    ['admin', { passwordHash: BADMIN, labels: {} }],
    ['test', { passwordHash: ONE_TWO_THREE, labels: {} }],
  ]);
  const acl = compileAcl([
    { match: { account: 'admin' }, actions: ['*'] },
    { match: { account: 'test' }, actions: ['pull'] },
  ]);
  const simple = () =>
    serviceOf({
      providers: [new StaticUsers(users, new PasswordChecker(clock))],
      authorizers: [aclAuthorizer(acl)],
    });
  const scopeOf = async (account: string, password: string, scope: string) =>
    (await simple().answer(request({ credentials: { account, password }, scope }))).scope;

  test.each([
    ['admin', 'badmin', 'repository:a:push,pull', 'repository:a:pull,push'],
    ['admin', 'badmin', 'registry:catalog:*', 'registry:catalog:*'],
    ['admin', 'badmin', 'repository:a:delete', 'repository:a:delete'],
    ['test', '123', 'repository:a:pull,push', 'repository:a:pull'],
    ['test', '123', 'repository:a:push', ''],
    ['test', '123', 'registry:catalog:*', ''],
  ])('%s %s %s: %j', async (account, password, scope, expected) => {
    expect(await scopeOf(account, password, scope)).toBe(expected);
  });

  test('nobody else', async () => {
    for (const [account = '', password = ''] of [
      ['admin', '123'],
      ['test', ''],
      ['root', 'badmin'],
      ['', ''],
    ]) {
      await expect(scopeOf(account, password, '')).rejects.toThrow(AuthenticationFailed);
    }
    await expect(simple().answer(request({ credentials: undefined }))).rejects.toThrow(AuthenticationFailed);
  });
});

describe('accounts of the configuration beside those of the index, as berth serve has them', () => {
  function both() {
    const checker = new PasswordChecker(clock);
    const check = vi.spyOn(checker, 'check');
    const pretend = vi.spyOn(checker, 'pretend').mockResolvedValue();
    const records = new Map([['bob', { name: 'bob', passwordHash: ONE_TWO_THREE, isAdmin: false }]]);
    const accounts = {
      find: async (name: string) => {
        const record = records.get(name);
        return record && accountRecord(record);
      },
      rehashPassword: async () => false,
    };
    const accessTokens = { findByHash: async () => undefined };
    const own = new OwnAccounts({ accounts, accessTokens, passwords: checker, clock, uses: undefined });
    const users = new StaticUsers(new Map([['admin', { passwordHash: BADMIN, labels: {} }]]), checker);
    const service = serviceOf({
      providers: [users, own],
      authorizers: [OWN_NAMESPACE],
    });
    const login = (account: string, password: string) =>
      service.answer(
        request({ credentials: { account, password }, scope: `repository:${account}/app:push` }),
      );
    return { login, hashes: () => check.mock.calls.length + pretend.mock.calls.length };
  }

  test('log in', async () => {
    expect(await both().login('admin', 'badmin')).toMatchObject({ scope: 'repository:admin/app:push' });
    expect(await both().login('bob', '123')).toMatchObject({ scope: 'repository:bob/app:push' });
  });

  test.each([
    ['an account of the index', 'bob'],
    ['an account of the configuration', 'admin'],
  ])('a wrong password of %s costs as many hashes as an unknown user', async (_, account) => {
    const [known, unknown] = [both(), both()];
    await expect(known.login(account, 'wrong')).rejects.toThrow(AuthenticationFailed);
    await expect(unknown.login('nobody', 'wrong')).rejects.toThrow(AuthenticationFailed);
    expect(known.hashes()).toBe(unknown.hashes());
  });
});

describe('an identity that is less than its account', () => {
  const LIMITED: Identity = {
    ...BOB,
    grant: 'g1',
    untilMs: clock.now() + 60_500,
    limit: ({ name }, granted) => (name === 'mine' ? granted.filter((action) => action === 'pull') : []),
  };

  test('is granted what rules and limit both grant, by whichever rule', async () => {
    const service = serviceOf({
      providers: [provider(LIMITED)],
      authorizers: [authorizer('no-match'), authorizer(['pull', 'push'])],
    });
    const scope = 'repository:mine:pull,push repository:other:pull,push';
    const answer = await service.answer(request({ scope }));
    expect(answer.scope).toBe('repository:mine:pull');
    expect(accessOf(answer.token)).toEqual([
      { type: 'repository', name: 'mine', actions: ['pull'] },
      { type: 'repository', name: 'other', actions: [] },
    ]);
    expect(answer.decisions.map(({ rule }) => rule)).toEqual([
      'fake; narrowed by the token that was presented',
      'fake; narrowed by the token that was presented',
    ]);
  });

  test('never gets what no rule grants', async () => {
    const wide: Identity = { ...BOB, limit: (_, granted) => granted };
    const service = serviceOf({ providers: [provider(wide)], authorizers: [authorizer([])] });
    expect((await service.answer(request({ scope: 'repository:mine:pull' }))).scope).toBe('');
  });

  test('its tokens name what they come from, and end with it', async () => {
    const service = serviceOf({ providers: [provider(LIMITED)] });
    const answer = await service.answer(request());
    expect(answer.expiresInSeconds).toBe(60);
    const { claims } = decodeToken(answer.token);
    expect(claims).toMatchObject({ grant: 'g1', exp: (claims['iat'] as number) + 60 });
    expect(claims).not.toHaveProperty('generation');
  });

  test('the number of the last revocation is read before anybody is asked who this is', async () => {
    let generation = 7;
    const asked = provider(BOB);
    asked.authenticate.mockImplementation(async () => {
      generation = 8;
      return BOB;
    });
    const revocations = { generation: async () => generation };
    const answer = await serviceOf({ providers: [asked], revocations }).answer(request());
    expect(decodeToken(answer.token).claims).toMatchObject({ generation: 7 });
  });
});
