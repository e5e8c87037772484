import { createPublicKey, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { libtrustKeyId, thumbprintKeyId } from '../../src/auth/token/key-id.ts';
import { ecKey, makeCertificate } from '../support/certificates.ts';
import { changeFile, stopWatching } from '../support/file-change.ts';
import { type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { signToken } from '../support/jws.ts';
import { testFolder } from '../support/test-folder.ts';

/* `auth.token` with keys from files, as registry:2 and registry:3 take them. */

stopWatching();

const BASE = { realm: 'https://auth.test/token', service: 'registry', issuer: 'Acme' };
const jwks = (...keys: [KeyObject, string][]) =>
  JSON.stringify({
    keys: keys.map(([key, kid]) => ({ ...createPublicKey(key).export({ format: 'jwk' }), kid })),
  });
const pem = (key: KeyObject) => {
  const now = Date.now();
  return makeCertificate({
    subject: { name: 'issuer', key },
    notBeforeMs: now - 60_000,
    notAfterMs: now + 600_000,
  }).toString();
};

function tokenOf(key: KeyObject, header: Record<string, unknown>): string {
  const now = Math.floor(Date.now() / 1000);
  const access = [{ type: 'repository', name: 'a', actions: ['pull', 'push'] }];
  return signToken(
    { typ: 'JWT', alg: 'ES256', ...header },
    { iss: 'Acme', aud: 'registry', sub: 'somebody', exp: now + 300, access },
    key,
  );
}

interface Opened extends FrontDoor {
  /** The status of a push by a token. */
  push(token: string): Promise<number>;
  readonly jwks: string;
  readonly bundle: string;
}

/** @param files the texts of the two files; a missing one is not configured */
async function opened(
  files: { jwks?: string; bundle?: string },
  more: Record<string, unknown> = {},
  rest = '',
): Promise<Opened> {
  const folder = await testFolder();
  const place = { jwks: join(folder, 'jwks.json'), bundle: join(folder, 'bundle.pem') };
  if (files.jwks !== undefined) writeFileSync(place.jwks, files.jwks);
  if (files.bundle !== undefined) writeFileSync(place.bundle, files.bundle);
  const settings = {
    ...BASE,
    ...(files.jwks !== undefined && { jwks: place.jwks }),
    ...(files.bundle !== undefined && { rootcertbundle: place.bundle }),
    ...more,
  };
  const door = await openFrontDoor({ config: `${rest}auth: {token: ${JSON.stringify(settings)}}` });
  onTestFinished(() => door.close());
  return {
    ...door,
    ...place,
    push: async (token) => (await door.send('POST', '/v2/a/blobs/uploads/', { token })).status,
  };
}

describe('auth.token.jwks', () => {
  it('its keys sign tokens: by the kid that stands there, and by both thumbprints', async () => {
    const key = ecKey();
    const door = await opened({ jwks: jwks([key, 'a name']) });
    const publicKey = createPublicKey(key);
    for (const kid of ['a name', libtrustKeyId(publicKey), await thumbprintKeyId(publicKey)])
      expect(await door.push(tokenOf(key, { kid }))).toBe(202);
    expect(await door.push(tokenOf(ecKey(), { kid: 'a name' }))).toBe(401);
    expect(await door.push(tokenOf(key, { kid: 'another' }))).toBe(401);
  });

  it('and rootcertbundle may stand side by side', async () => {
    const [one, other] = [ecKey(), ecKey()];
    const door = await opened({ jwks: jwks([one, 'one']), bundle: pem(other) });
    expect(await door.push(tokenOf(one, { kid: 'one' }))).toBe(202);
    expect(await door.push(tokenOf(other, { kid: libtrustKeyId(createPublicKey(other)) }))).toBe(202);
  });

  it.each([
    ['is not JSON', '{'],
    ['has no key', '{"keys":[]}'],
  ])(
    'a set that %s keeps the registry from starting, with the line of the configuration',
    async (_, text) => {
      await expect(opened({ jwks: text })).rejects.toThrow(
        /^config\.yml:6:.*jwks\.json (is not JSON|holds no key)/,
      );
    },
  );

  it('that is not there keeps the registry from starting', async () => {
    await expect(opened({}, { jwks: '/nowhere/jwks.json' })).rejects.toThrow(
      /^config\.yml:6:.*cannot read \/nowhere\/jwks\.json: it does not exist/,
    );
  });

  it('what is odd in it is in the log', async () => {
    const secret = ecKey().export({ format: 'jwk' });
    const door = await opened({ jwks: JSON.stringify({ keys: [secret] }) });
    expect(door.log.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        fields: expect.objectContaining({
          file: door.jwks,
          reason: expect.stringContaining('holds a secret'),
        }),
      }),
    );
    expect(JSON.stringify(door.log.lines)).not.toContain(secret.d);
  });

  it('is read again when it changes: a new key counts, one that is gone ends its tokens at once', async () => {
    const [former, next] = [ecKey(), ecKey()];
    const door = await opened({ jwks: jwks([former, 'former']) });
    const [old, fresh] = [tokenOf(former, { kid: 'former' }), tokenOf(next, { kid: 'next' })];
    expect([await door.push(old), await door.push(fresh)]).toEqual([202, 401]);
    await changeFile(door, door.jwks, jwks([former, 'former'], [next, 'next']));
    expect([await door.push(old), await door.push(fresh)]).toEqual([202, 202]);
    await changeFile(door, door.jwks, jwks([next, 'next']));
    expect([await door.push(old), await door.push(fresh)]).toEqual([401, 202]);
  });

  it('a broken new set leaves the former keys, and says why', async () => {
    const key = ecKey();
    const door = await opened({ jwks: jwks([key, 'a']) });
    await changeFile(door, door.jwks, '{"keys":[]}');
    expect(await door.push(tokenOf(key, { kid: 'a' }))).toBe(202);
    const [line] = door.log.lines.filter(({ level }) => level === 'error');
    expect(String(line?.fields['error'])).toContain('holds no key that can verify tokens');
  });
});

describe('auth.token.rootcertbundle', () => {
  it('is read again when it changes', async () => {
    const [former, next] = [ecKey(), ecKey()];
    const door = await opened({ bundle: pem(former) });
    const by = (key: KeyObject) => tokenOf(key, { kid: libtrustKeyId(createPublicKey(key)) });
    expect([await door.push(by(former)), await door.push(by(next))]).toEqual([202, 401]);
    await changeFile(door, door.bundle, pem(next));
    expect([await door.push(by(former)), await door.push(by(next))]).toEqual([401, 202]);
  });
});

describe('auth.token.signingalgorithms', () => {
  it('refuses the others, and tells the client why', async () => {
    const key = ecKey();
    const door = await opened({ jwks: jwks([key, 'a']) }, { signingalgorithms: ['RS256', 'HS256'] });
    const answer = await door.send('POST', '/v2/a/blobs/uploads/', { token: tokenOf(key, { kid: 'a' }) });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain(
      'error_description="the token is signed with ES256; signingalgorithms lists RS256"',
    );
  });
});

describe('auth.token.autoredirect', () => {
  const realmOf = async (more: Record<string, unknown>, rest = '', host?: string) => {
    const door = await opened({ jwks: jwks([ecKey(), 'a']) }, more, rest);
    const answer = await door.send('GET', '/v2/', { headers: { host: host ?? 'registry.test:5000' } });
    return /realm="([^"]*)"/.exec(answer.headers['www-authenticate'] ?? '')?.[1];
  };

  it('off: the realm is the one configured', async () => {
    expect(await realmOf({ autoredirectpath: '/x' })).toBe(BASE.realm);
  });

  it('on: the realm is where the client came, by https, as registry:2 writes it', async () => {
    expect(await realmOf({ autoredirect: true })).toBe('https://registry.test:5000/auth/token');
  });

  it('with a path of its own, with or without a slash in front', async () => {
    for (const autoredirectpath of ['/service/token', 'service/token'])
      expect(await realmOf({ autoredirect: true, autoredirectpath })).toBe(
        'https://registry.test:5000/service/token',
      );
  });

  it('a Host that is none does not get into the challenge', async () => {
    const realm = await realmOf({ autoredirect: true }, 'http: {addr: "127.0.0.1:5000"}\n', 'a",service="b');
    expect(realm).toBe('https://127.0.0.1:5000/auth/token');
  });
});
