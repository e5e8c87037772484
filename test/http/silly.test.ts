import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FrontDoor, openFrontDoor } from '../support/front-door.ts';

/* `auth.silly`, which distribution has for tests. What the real registry answers is in test/e2e. */

describe('auth.silly', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor({
      config: 'auth: {silly: {realm: "https://localhost:5001/token", service: test}}',
    });
  });
  afterAll(() => door.close());

  it('is announced as what it is', () => {
    expect(door.log.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message:
          'auth: silly is for tests of clients: whoever sends any Authorization header may pull, push and delete',
      }),
    );
  });

  it.each([
    ['GET', '/v2/', ''],
    ['GET', '/v2/a/b/tags/list', ',scope="repository:a/b:pull"'],
    ['POST', '/v2/a/b/blobs/uploads/', ',scope="repository:a/b:pull repository:a/b:push"'],
    ['GET', '/v2/_catalog', ',scope="registry:catalog:*"'],
  ])('%s %s is challenged with one scope an action', async (method, path, scope) => {
    const answer = await door.send(method, path);
    expect(answer.status).toBe(401);
    expect(answer.codes).toEqual(['UNAUTHORIZED']);
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer realm="https://localhost:5001/token",service="test"${scope}`,
    );
  });

  it.each(['Bearer x', 'Basic y', 'anything'])('lets in whoever says %s', async (authorization) => {
    const answer = await door.send('POST', '/v2/a/b/blobs/uploads/', { headers: { authorization } });
    expect(answer.status).toBe(202);
  });
});
