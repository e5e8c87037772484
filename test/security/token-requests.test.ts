import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/auth/identity/password-hash.ts';
import { decodeToken } from '../support/jws.ts';
import { exchange, head, type Served, serve } from '../support/raw-http.ts';

/* Requests for tokens that say things twice, in two places, in part or in another form: as they stand on the wire. */

const basic = (account: string, password: string): string =>
  `Authorization: Basic ${Buffer.from(`${account}:${password}`).toString('base64')}`;
const ALICE = basic('alice', 'of alice');
const BOB = basic('bob', 'of bob');
const FORM = 'Content-Type: application/x-www-form-urlencoded';
const LOGIN = 'username=alice&password=of+alice';
const MINE = 'scope=repository:alice/app:pull,push';
const THEIRS = 'scope=repository:bob/app:pull,push';
const GRANTED = 'alice repository:alice/app:pull,push';

const get = (query: string, ...headers: readonly string[]): string =>
  head(`GET /auth/token?${query}`, ...headers);
const post = (form: string, query = '', ...headers: readonly string[]): string =>
  `${head(
    `POST /auth/token${query === '' ? '' : `?${query}`}`,
    ...(headers.some((line) => line.startsWith('Content-Type')) ? [] : [FORM]),
    ...(headers.some((line) => /^(?:Content-Length|Transfer-Encoding)/.test(line))
      ? []
      : [`Content-Length: ${Buffer.byteLength(form)}`]),
    ...headers,
  )}${form}`;

let served: Served;
beforeAll(async () => {
  served = await serve({ config: 'throttle: {enabled: false}\nauth: {builtin: {}}' });
  for (const name of ['alice', 'bob']) {
    const account = { name, passwordHash: await hashPassword(`of ${name}`), isAdmin: false };
    await served.door.state.index.accounts.create(account, Date.now());
  }
});
afterAll(() => served.close());

/** Who was let in, with what the token grants; or the status. */
async function outcome(request: string): Promise<string | number> {
  const answer = await exchange(served.port, request);
  if (answer.status !== 200) return answer.status;
  const { token, scope } = JSON.parse(answer.body.toString()) as { token: string; scope: string };
  const { claims } = decodeToken(token);
  expect(claims['aud']).toBe('berth');
  const inToken = (claims['access'] as { type: string; name: string; actions: string[] }[])
    .filter(({ actions }) => actions.length > 0)
    .map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`)
    .join(' ');
  // What is told and what is signed are the same.
  expect(inToken).toBe(scope);
  return `${String(claims['sub'])} ${inToken}`.trim();
}

describe('scope', () => {
  const huge = `${'x/'.repeat(3_000)}y`;
  it.each<[string, string, string | number]>([
    ['once', MINE, GRANTED],
    [
      'twice the same',
      `${MINE}&${MINE}`,
      'alice repository:alice/app:pull,push repository:alice/app:pull,push',
    ],
    ['of two owners', `${MINE}&${THEIRS}`, GRANTED],
    ['of two owners in one', `${MINE}%20repository:bob/app:pull`, GRANTED],
    [
      'of two owners in one name',
      'scope=repository:alice/app,bob/app:pull',
      'alice repository:alice/app,bob/app:pull',
    ],
    ['that climbs', 'scope=repository:alice/../bob/app:pull', 'alice repository:alice/../bob/app:pull'],
    ['with a wildcard as the name', 'scope=repository:*:pull', 'alice'],
    ['with a wildcard below the own name', 'scope=repository:alice/*:pull', 'alice repository:alice/*:pull'],
    ['with a wildcard as the action', 'scope=repository:bob/app:*', 'alice'],
    ['with a name in other letters', 'scope=repository:ALICE/app:pull', 'alice'],
    ['with a class', 'scope=repository(plugin):bob/app:pull', 'alice'],
    ['of another type', 'scope=registry:alice/app:pull', 'alice'],
    ['of the catalog', 'scope=registry:catalog:*', 'alice'],
    ['with a line end', 'scope=repository:alice/app:pull%0D%0AX:y', 400],
    ['with a tab', 'scope=repository:alice/app:pull%09repository:bob/app:pull', 400],
    ['without a type', 'scope=alice/app:pull', 400],
    ['without actions', 'scope=repository:alice/app', 400],
    ['with upper case actions', 'scope=repository:alice/app:PULL', 400],
    ['empty', 'scope=', 'alice'],
    ['of colons', 'scope=:::', 400],
    ['that is huge', `scope=repository:${huge}:pull`, 400],
    ['a hundred and one times', Array.from({ length: 101 }, () => 'scope=repository:a:pull').join('&'), 400],
    ['in other letters', 'SCOPE=repository:alice/app:pull', 'alice'],
    ['as a list', 'scope[]=repository:alice/app:pull', 'alice'],
    ['that is no UTF-8', 'scope=repository:alice/%FF:pull', 'alice repository:alice/\ufffd:pull'],
  ])('%s', async (_, query, expected) => {
    expect(await outcome(get(`service=berth&${query}`, ALICE))).toBe(expected);
    const isTooLong = query.length > 60_000;
    if (!isTooLong) expect(await outcome(post(`service=berth&${LOGIN}&${query}`))).toBe(expected);
  });

  it('a name that no repository can have opens none', async () => {
    for (const name of ['alice/*', 'alice/../bob/app', 'alice/app,bob/app']) {
      const answer = await served.door.send('GET', `/auth/token?scope=repository:${name}:pull,push`, {
        headers: { authorization: ALICE.slice('Authorization: '.length) },
      });
      const { token } = answer.json<{ token: string }>();
      for (const repository of ['bob/app', 'alice/x', 'alice/../bob/app', 'alice/*']) {
        const { status } = await served.door.send('POST', `/v2/${repository}/blobs/uploads/`, { token });
        expect([name, repository, [400, 401, 404].includes(status)]).toEqual([name, repository, true]);
      }
    }
  });
});

describe('service', () => {
  it.each<[string, string, string | number]>([
    ['left out', '', 'alice'],
    ['empty', 'service=', 'alice'],
    ['another', 'service=other', 400],
    ['in other letters', 'service=BERTH', 400],
    ['with a blank', 'service=berth%20', 400],
    ['twice, the first another', 'service=other&service=berth', 400],
    ['twice, the first its own: that one counts', 'service=berth&service=other', 'alice'],
    ['as the audience of something that is no exchange', 'audience=other', 'alice'],
  ])('%s', async (_, query, expected) => {
    expect(await outcome(get(query, ALICE))).toBe(expected);
  });
});

describe('credentials', () => {
  it.each<[string, string, string | number]>([
    ['by Basic', get(MINE, ALICE), GRANTED],
    ['by a form', post(`${LOGIN}&${MINE}`), GRANTED],
    ['none', get(MINE), 401],
    ['in the address of a GET', get(`${LOGIN}&${MINE}`), 401],
    ['in the address of a POST', post(MINE, LOGIN), 400],
    ['the password in the address of a POST', post(`username=alice&${MINE}`, 'password=of+alice'), 400],
    [
      'in the body of a GET',
      `${head(`GET /auth/token?${MINE}`, FORM, `Content-Length: ${LOGIN.length}`)}${LOGIN}`,
      401,
    ],
    [
      'Basic of one and a form of another: Basic counts',
      post(`username=bob&password=x&${MINE}`, '', ALICE),
      GRANTED,
    ],
    ['Basic that is wrong and a form that is right', post(`${LOGIN}&${MINE}`, '', basic('alice', 'x')), 401],
    ['Basic of one and the account of another', get(`account=bob&${THEIRS}`, ALICE), 400],
    ['Basic of one and the account of another in the form', post(`account=bob&${THEIRS}`, '', ALICE), 400],
    ['an account without a password', get(`account=alice&${MINE}`), 401],
    ['two accounts, the first its own', get(`account=alice&account=bob&${THEIRS}`, ALICE), 'alice'],
    ['two user names: the first counts', post(`username=bob&${LOGIN}&${MINE}`), 401],
    ['two passwords: the first counts', post(`${LOGIN}&password=x&${MINE}`), GRANTED],
    ['two Basic headers: the first counts', get(`${THEIRS}&${MINE}`, ALICE, BOB), GRANTED],
    ['two Basic headers, the first wrong', get(MINE, basic('alice', 'x'), ALICE), 401],
    ['two in one header', get(MINE, `${ALICE}, ${BOB.slice('Authorization: '.length)}`), 401],
    [
      'Basic without a colon',
      get(MINE, `Authorization: Basic ${Buffer.from('alice').toString('base64')}`),
      400,
    ],
    ['Basic of nobody', get(MINE, basic('', '')), 401],
    ['an account with a NUL', get(MINE, basic('alice\u0000bob', 'of alice')), 401],
    ['an account in other letters', get(MINE, basic('Alice', 'of alice')), 401],
    ['an account with a blank', get(MINE, basic(' alice', 'of alice')), 401],
    ['a password of a thousand letters more', get(MINE, basic('alice', 'x'.repeat(2_000))), 400],
    ['a password cut short', get(MINE, basic('alice', 'of alic')), 401],
    ['a password with more behind it', get(MINE, basic('alice', 'of alice\u0000')), 401],
  ])('%s', async (_, request, expected) => {
    expect(await outcome(request)).toBe(expected);
  });
});

describe('forms', () => {
  const chunked = (...pieces: readonly string[]): string =>
    [...pieces, ''].map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('');
  it.each<[string, string, string | number]>([
    ['in chunks', post(chunked(LOGIN, `&${MINE}`), '', 'Transfer-Encoding: chunked'), GRANTED],
    ['cut in the password', post('username=alice&password=of+al'), 401],
    ['cut in an escape', post('username=alice&password=of%2'), 401],
    [
      'as JSON',
      post('{"username":"alice","password":"of alice"}', '', 'Content-Type: application/json'),
      401,
    ],
    [
      'as a file',
      post('--x\r\n\r\nusername=alice', '', 'Content-Type: multipart/form-data; boundary=x'),
      401,
    ],
    ['of an unknown grant', post(`grant_type=client_credentials&${LOGIN}`), 400],
    ['of two grants, the first unknown', post(`grant_type=x&grant_type=password&${LOGIN}`), 400],
    ['of the refresh grant with a password', post(`grant_type=refresh_token&refresh_token=x&${LOGIN}`), 400],
    ['of the refresh grant without a token', post('grant_type=refresh_token'), 400],
    ['with the refresh token in the address', post('grant_type=refresh_token', 'refresh_token=x'), 400],
    ['with the refresh token of nobody', post('grant_type=refresh_token&refresh_token=x&client_id=y'), 401],
    ['with the grant in the address', post(LOGIN, 'grant_type=refresh_token'), 400],
    ['with scopes in both places', post(`${LOGIN}&${MINE}`, THEIRS), GRANTED],
    ['longer than it says', `${post(LOGIN, '', `Content-Length: ${LOGIN.length - 1}`)}`, 400],
    ['with two lengths', post(LOGIN, '', 'Content-Length: 5', `Content-Length: ${LOGIN.length}`), 400],
    [
      'with a length and chunks',
      post(chunked(LOGIN), '', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
      400,
    ],
    ['by PUT', post(LOGIN).replace('POST', 'PUT'), 405],
  ])('%s', async (_, request, expected) => {
    expect(await outcome(request)).toBe(expected);
  });

  it.each([
    ['a line end in the address', `GET /auth/token?x=y\r\n${ALICE}\r\n HTTP/1.1\r\nHost: r\r\n\r\n`],
    ['a space before the colon', head(`GET /auth/token?${MINE}`, ALICE.replace(':', ' :'))],
    ['a folded line', head(`GET /auth/token?${MINE}`, ALICE.replace(': ', ':\r\n '))],
    ['a lone line end in a value', head(`GET /auth/token?${MINE}`, `X: y\r${ALICE}`)],
  ])('a header line that was smuggled in: %s', async (_, request) => {
    expect(await outcome(request)).toBe(400);
  });
});
