import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILTIN, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { digestOf, pushBlob, withQuery } from '../support/oci-content.ts';

/** A mount without `from`: distribution-spec, "the registry MAY treat the `from` parameter as optional". */
describe('a mount without a source', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor({ config: BUILTIN });
    for (const repository of ['secret/app', 'shared/app']) {
      const token = await door.token([{ type: 'repository', name: repository, actions: ['pull', 'push'] }]);
      await pushBlob(door, repository, `only in ${repository}`, { token });
    }
  });
  afterAll(() => door.close());

  const token = (...others: readonly (readonly [string, string, ...string[]])[]): Promise<string> =>
    door.token([
      { type: 'repository', name: 'mine/app', actions: ['pull', 'push'] },
      ...others.map(([type, name, ...actions]) => ({ type, name, actions })),
    ]);
  const mount = (content: string, bearer: string) =>
    door.send('POST', `/v2/mine/app/blobs/uploads/?mount=${digestOf(content)}`, { token: bearer });
  const head = async (content: string) =>
    (await door.send('HEAD', `/v2/mine/app/blobs/${digestOf(content)}`, { token: await token() })).status;

  it.each<[string, readonly (readonly [string, string, ...string[]])[]]>([
    ['its target alone', []],
    ['another repository', [['repository', 'shared/app', 'pull']]],
    ['push without pull', [['repository', 'secret/app', 'push']]],
    ['delete', [['repository', 'secret/app', 'delete']]],
    ['something else of that name', [['registry', 'secret/app', 'pull', '*']]],
    ['the catalog', [['registry', 'catalog', '*']]],
    ['a name that begins alike', [['repository', 'secret', 'pull']]],
  ])('reads nothing that the token does not grant: %s (CVE-2024-39897)', async (_, others) => {
    const content = 'only in secret/app';
    const bearer = await token(...others);
    const answer = await mount(content, bearer);
    expect([answer.status, answer.headers['docker-content-digest']]).toEqual([202, undefined]);
    // Not to be told from a blob that nobody has.
    const nothing = await mount('nobody has this', bearer);
    expect([nothing.status, Object.keys(nothing.headers)]).toEqual([202, Object.keys(answer.headers)]);
    expect(await head(content)).toBe(404);
  });

  it.each([['pull'], ['*'], ['push', 'pull']])(
    'takes it from where the token grants %s',
    async (...actions) => {
      const content = 'only in shared/app';
      const bearer = await token(
        ['repository', 'secret/app', 'push'],
        ['repository', 'shared/app', ...actions],
      );
      const answer = await mount(content, bearer);
      expect([answer.status, answer.headers['location']]).toEqual([
        201,
        `/v2/mine/app/blobs/${digestOf(content)}`,
      ]);
      expect(await head(content)).toBe(200);
      const remover = await door.token([{ type: 'repository', name: 'mine/app', actions: ['delete'] }]);
      await door.send('DELETE', `/v2/mine/app/blobs/${digestOf(content)}`, { token: remover });
      expect(await head(content)).toBe(404);
    },
  );

  it('of what the target has itself is 201', async () => {
    await pushBlob(door, 'mine/app', 'mine already', { token: await token() });
    expect((await mount('mine already', await token())).status).toBe(201);
  });

  it('that finds nothing begins an upload that can be finished', async () => {
    const bearer = await token();
    const answer = await mount('new', bearer);
    const target = withQuery(answer.headers['location'], 'digest', digestOf('new'));
    expect((await door.send('PUT', target, { body: 'new', token: bearer })).status).toBe(201);
  });

  it('of a malformed digest is 400', async () => {
    const answer = await door.send('POST', '/v2/mine/app/blobs/uploads/?mount=x', { token: await token() });
    expect([answer.status, answer.codes]).toEqual([400, ['DIGEST_INVALID']]);
  });
});
