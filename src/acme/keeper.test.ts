import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordedLog } from '../../test/support/front-door.ts';
import { selfSigned } from '../../test/support/self-signed.ts';
import { type CertificateCache, openCertificateCache } from './cache.ts';
import { CertificateKeeper, pauseMs, renewalMs } from './keeper.ts';
import { AcmeProblem, retryAfterMs } from './problem.ts';

const DAY_MS = 86_400_000;
const HOST = 'localhost';

let folder: string;
let cache: CertificateCache;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'berth-acme-'));
  cache = await openCertificateCache(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function pair(): { cert: string; key: string } {
  const { certificate: cert, key } = selfSigned(HOST);
  return { cert, key };
}

describe('the folder of certificates', () => {
  it('keeps a certificate with its key, for the owner alone', async () => {
    const { cert, key } = pair();
    await cache.keep(HOST, { cert, key });
    expect(await cache.certificate(HOST)).toMatchObject({ cert, key });
    expect(readdirSync(folder)).toEqual([HOST]);
    expect(statSync(join(folder, HOST)).mode & 0o777).toBe(0o600);
  });

  it('makes one account key, and gives it ever after', async () => {
    const key = await cache.accountKey();
    expect((await cache.accountKey()).equals(key)).toBe(true);
    expect(readFileSync(join(folder, 'acme_account+key'), 'utf8')).toMatch(/^-----BEGIN EC PRIVATE KEY-----/);
  });

  it('refuses to keep what is not for the name or the key', async () => {
    const { cert, key } = pair();
    await expect(cache.keep('other.example', { cert, key })).rejects.toThrow('not for other.example');
    await expect(cache.keep(HOST, { cert, key: pair().key })).rejects.toThrow('not for its key');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('passes over a file that is half written', async () => {
    const { cert, key } = pair();
    writeFileSync(join(folder, HOST), (key + cert).slice(0, -200));
    expect(await cache.certificate(HOST)).toBeUndefined();
  });

  it('lets one process at a time order, and takes the lock of a dead one', async () => {
    const other = await openCertificateCache(folder);
    let inside: boolean | undefined;
    const outside = await cache.alone(HOST, async () => {
      inside = await other.alone(HOST, async () => undefined);
    });
    expect([outside, inside]).toEqual([true, false]);
    const lock = join(folder, `${HOST}+lock`);
    writeFileSync(lock, '');
    expect(await cache.alone(HOST, async () => undefined)).toBe(false);
    const longAgo = new Date(Date.now() - 600_000);
    utimesSync(lock, longAgo, longAgo);
    expect(await cache.alone(HOST, async () => undefined)).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('the keeper of certificates', () => {
  function keeper(): CertificateKeeper {
    return new CertificateKeeper({
      hosts: [HOST],
      email: undefined,
      directoryUrl: 'https://127.0.0.1:1/directory',
      cache,
      log: recordedLog(),
      clock: { now: Date.now },
    });
  }

  it('serves what the folder has, to its names alone', async () => {
    const { cert, key } = pair();
    await cache.keep(HOST, { cert, key });
    const kept = keeper();
    await kept.load();
    expect(kept.pairFor(HOST)).toMatchObject({ cert, key });
    expect(kept.pairFor('other.example')).toBeUndefined();
  });

  it('shows a proof that another process has put there, to its names alone', async () => {
    const proof = pair();
    await cache.publish(HOST, proof);
    await cache.publish('other.example', proof);
    expect(keeper().challengeFor(HOST)).toEqual(proof);
    expect(keeper().challengeFor('other.example')).toBeUndefined();
    await cache.withdraw(HOST);
    expect(keeper().challengeFor(HOST)).toBeUndefined();
  });

  it('ends at once, also in the middle of an order', async () => {
    const kept = keeper();
    await kept.load();
    kept.start();
    await kept.stop();
    expect(readdirSync(folder).filter((name) => name.includes('lock'))).toEqual([]);
  });
});

describe('the times of an order', () => {
  it('a certificate is renewed when a third of its life is left, or up to a thirtieth earlier', () => {
    const ninety = { cert: '', key: '', notBeforeMs: 0, notAfterMs: 90 * DAY_MS };
    expect(renewalMs(ninety, 0)).toBe(60 * DAY_MS);
    expect(renewalMs(ninety, 1)).toBe(57 * DAY_MS);
    const six = { ...ninety, notAfterMs: 6 * DAY_MS };
    expect(renewalMs(six, 0)).toBe(4 * DAY_MS);
  });

  it('an authority that refuses is asked at most five times in the first hour', () => {
    const refused = new AcmeProblem('urn:ietf:params:acme:error:unauthorized', 'no');
    let asked = 0;
    for (let at = 0; at < 3_600_000; at += pauseMs(asked, refused, 0)) asked += 1;
    expect(asked).toBeLessThanOrEqual(5);
    expect(pauseMs(40, refused, 0)).toBe(6 * 3_600_000);
  });

  it('one that cannot be reached is asked sooner, and every ten minutes at last', () => {
    const away = new TypeError('fetch failed');
    expect(pauseMs(1, away, 0)).toBe(10_000);
    expect(pauseMs(40, away, 0)).toBe(600_000);
  });

  it('one that says when is asked then', () => {
    const limited = new AcmeProblem('urn:ietf:params:acme:error:rateLimited', 'slow down', DAY_MS);
    expect(pauseMs(1, limited, 0)).toBe(DAY_MS);
    expect(retryAfterMs('120', 0)).toBe(120_000);
    expect(retryAfterMs('Thu, 01 Jan 1970 00:01:00 GMT', 0)).toBe(60_000);
    expect(retryAfterMs('soon', 0)).toBeUndefined();
  });
});
