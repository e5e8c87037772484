import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { changeFile, stopWatching } from '../support/file-change.ts';
import { newFolder, removeFolder } from '../support/folders.ts';
import { type Answer, type FrontDoor, openFrontDoor, type Sent } from '../support/front-door.ts';
import { digestOf, pushImage } from '../support/oci-content.ts';

/*
 * `auth.htpasswd.anonymous: pull`: everybody may pull, accounts may do everything. That the real
 * clients get along with it is in test/e2e.
 */

const BADMIN = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC';
const ONE_TWO_THREE = '$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya';
const CHALLENGE = 'Bearer realm="http://registry.test:5000/auth/token",service="berth"';

const basic = (account: string, password: string): Sent => ({
  headers: { authorization: `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}` },
});
const bearer = (token: string): Sent => ({ headers: { authorization: `Bearer ${token}` } });

let folder: string;
let file: string;
let door: FrontDoor;

async function open(): Promise<FrontDoor> {
  folder = await newFolder();
  file = join(folder, 'htpasswd');
  writeFileSync(file, `admin:${BADMIN}\ntest:${ONE_TWO_THREE}`);
  return openFrontDoor({
    config: `auth: {htpasswd: {realm: Registry Realm, path: ${JSON.stringify(file)}, anonymous: pull}}`,
  });
}

/** Asks for a token as a client does. */
async function ask(scope: string, as: Sent = {}, at = door): Promise<Answer> {
  return at.send('GET', `/auth/token?service=berth${scope === '' ? '' : `&scope=${scope}`}`, as);
}

async function tokenFor(scope: string, as: Sent = {}, at = door): Promise<string> {
  const answer = await ask(scope, as, at);
  expect(answer.status).toBe(200);
  return answer.json<{ token: string }>().token;
}

describe('auth.htpasswd.anonymous: pull', () => {
  let manifest: string;
  beforeAll(async () => {
    door = await open();
    const token = await tokenFor('repository:team/app:pull,push', basic('admin', 'badmin'));
    manifest = (await pushImage(door, 'team/app', 'v1', { token })).digest;
  });
  afterAll(async () => {
    await door.close();
    await removeFolder(folder);
  });

  it('/v2/ asks for a token, so that clients know that there is a login', async () => {
    const answer = await door.send('GET', '/v2/');
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, CHALLENGE]);
  });

  it('an anonymous token is given, opens /v2/ and pulls, and does nothing else', async () => {
    const token = await tokenFor('repository:team/app:pull,push');
    expect((await door.send('GET', '/v2/', bearer(token))).status).toBe(200);
    expect((await door.send('GET', '/v2/team/app/manifests/v1', bearer(token))).status).toBe(200);
    const push = await door.send('POST', '/v2/team/app/blobs/uploads/', bearer(token));
    expect([push.status, push.codes]).toEqual([401, ['DENIED']]);
    expect(push.headers['www-authenticate']).toContain(
      `${CHALLENGE},scope="repository:team/app:pull,push",error="insufficient_scope"`,
    );
  });

  it.each([
    ['GET', '/v2/team/app/manifests/v1', 200],
    ['HEAD', '/v2/team/app/manifests/v1', 200],
    ['GET', '/v2/team/app/tags/list', 200],
    ['GET', `/v2/team/app/referrers/${digestOf('x')}`, 200],
    ['GET', `/v2/team/app/blobs/${digestOf('x')}`, 404],
    ['GET', '/v2/_catalog', 401],
    ['POST', '/v2/team/app/blobs/uploads/', 401],
    ['POST', `/v2/team/app/blobs/uploads/?mount=${digestOf('x')}&from=team/other`, 401],
    ['PATCH', '/v2/team/app/blobs/uploads/x', 401],
    ['PUT', '/v2/team/app/manifests/v2', 401],
    ['DELETE', '/v2/team/app/manifests/v1', 401],
    ['DELETE', `/v2/team/app/blobs/${digestOf('x')}`, 401],
  ])('without any credentials: %s %s is %i', async (method, path, status) => {
    const answer = await door.send(method, path);
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm=/);
  });

  it('the right password gets a token for everything, the catalog too', async () => {
    const as = basic('test', '123');
    const token = await tokenFor('registry:catalog:*', as);
    expect((await door.send('GET', '/v2/_catalog', bearer(token))).json()).toEqual({
      repositories: ['team/app'],
    });
    const both = await tokenFor('repository:new:pull,push&scope=repository:team/app:pull', as);
    expect((await door.send('POST', '/v2/new/blobs/uploads/', bearer(both))).status).toBe(202);
    const remove = await tokenFor('repository:team/app:delete', as);
    const gone = await door.send('DELETE', `/v2/team/app/manifests/${digestOf('x')}`, bearer(remove));
    expect(gone.status).toBe(404);
  });

  it.each([
    ['a wrong password', basic('admin', 'wrong')],
    ['an unknown account', basic('nobody', 'badmin')],
    ['no name', basic('', '')],
  ])('%s is refused at the login, and not taken for anonymous', async (_, as) => {
    for (const answer of [await ask('', as), await ask('repository:team/app:pull', as)]) {
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([
        401,
        'Basic realm="Registry Realm"',
      ]);
    }
    expect((await door.send('GET', '/v2/', as)).status).toBe(401);
    expect((await door.send('GET', '/v2/team/app/manifests/v1', as)).status).toBe(401);
  });

  it('a name without a password is no anonymous login', async () => {
    expect((await door.send('GET', '/auth/token?service=berth&account=admin')).status).toBe(401);
  });

  it('name and password are taken unasked, as by curl -u', async () => {
    const as = basic('admin', 'badmin');
    expect((await door.send('GET', '/v2/', as)).status).toBe(200);
    expect((await door.send('POST', '/v2/new/blobs/uploads/', as)).status).toBe(202);
    expect((await door.send('GET', '/v2/_catalog', as)).status).toBe(200);
  });

  it.each(['Bearer abc.def.ghi', 'Bearer', 'Digest x', 'Basic !!!'])(
    'credentials that are of no use are refused, also for a pull: %s',
    async (authorization) => {
      const answer = await door.send('GET', `/v2/team/app/manifests/${manifest}`, {
        headers: { authorization },
      });
      expect(answer.status).toBe(401);
    },
  );

  it('its keys are published', async () => {
    expect((await door.send('GET', '/.well-known/jwks.json')).json()).toMatchObject({
      keys: [{ kty: 'EC' }],
    });
  });

  it('a token of the built-in service over the same data means nothing here', async () => {
    const other = await openFrontDoor({ config: 'auth: {builtin: {}}', folder: door.folder });
    onTestFinished(() => other.close());
    const token = await other.token([{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }], {
      subject: 'admin',
    });
    const answer = await door.send('POST', '/v2/team/app/blobs/uploads/', bearer(token));
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('another issuer');
  });
});

describe('when the file changes', () => {
  stopWatching();

  it('an account that is gone is out at once, its tokens too; the others keep theirs', async () => {
    const here = await open();
    const place = folder;
    onTestFinished(async () => {
      await here.close();
      await removeFolder(place);
    });
    const gone = await tokenFor('repository:a:pull,push', basic('test', '123'), here);
    const kept = await tokenFor('repository:a:pull,push', basic('admin', 'badmin'), here);
    await changeFile(here, file, `admin:${BADMIN}`);
    const refused = await here.send('POST', '/v2/a/blobs/uploads/', bearer(gone));
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toContain('error="invalid_token"');
    expect((await here.send('POST', '/v2/a/blobs/uploads/', bearer(kept))).status).toBe(202);
    expect((await ask('', basic('test', '123'), here)).status).toBe(401);
  });
});
