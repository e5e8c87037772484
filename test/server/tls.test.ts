import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, type RequestOptions, request } from 'node:https';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CIPHERS } from '../../src/config/cipher-suites.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { startServer } from '../../src/http/server.ts';
import { recordedLog } from '../support/front-door.ts';
import { bytes, pushBlob } from '../support/oci-content.ts';
import { selfSigned } from '../support/self-signed.ts';
import { serveTls, type TlsServed } from '../support/tls-served.ts';

/* Handshakes: versions, cipher suites, client certificates, and certificates that change while the server runs. */

const FILES = 'certificate: FOLDER/tls.crt, key: FOLDER/tls.key';
const MIB = 1024 * 1024;

/** Connects, and waits until the server has had the time to refuse a client certificate, too. */
async function handshake(served: TlsServed, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: served.port, rejectUnauthorized: false, ...options });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
    socket.once('data', () => resolve());
    socket.write('GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n');
  });
  return socket;
}

async function outcome(served: TlsServed, options: ConnectionOptions = {}): Promise<string> {
  try {
    const socket = await handshake(served, options);
    socket.destroy();
    return 'answered';
  } catch {
    return 'refused';
  }
}

/** The common name of the certificate that a new connection sees. */
async function nameSeen(served: TlsServed): Promise<string | undefined> {
  const socket = await handshake(served);
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return typeof name === 'string' ? name : undefined;
}

async function eventually(holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('not in time');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function replace(served: TlsServed, name: string): void {
  const { certificate, key } = selfSigned(name);
  writeFileSync(join(served.folder, 'tls.crt'), certificate);
  writeFileSync(join(served.folder, 'tls.key'), key);
}

describe('http.tls.minimumtls', () => {
  it('is TLS 1.2 unless set: TLS 1.1 is refused', async () => {
    const served = await serveTls();
    const old: ConnectionOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' };
    expect(await outcome(served, old)).toBe('refused');
    expect(await outcome(served, { maxVersion: 'TLSv1.2' })).toBe('answered');
    expect(await outcome(served, { minVersion: 'TLSv1.3' })).toBe('answered');
    await served.close();
  });

  it('tls1.3 refuses TLS 1.2', async () => {
    const served = await serveTls(`tls: {${FILES}, minimumtls: tls1.3}`);
    expect(await outcome(served, { maxVersion: 'TLSv1.2' })).toBe('refused');
    expect(await outcome(served)).toBe('answered');
    await served.close();
  });
});

describe('http.tls.ciphersuites', () => {
  it('are those of the original unless set: no CBC, no key exchange without forward secrecy', async () => {
    const served = await serveTls();
    for (const ciphers of ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384']) {
      expect(await outcome(served, { maxVersion: 'TLSv1.2', ciphers })).toBe('refused');
    }
    expect(await outcome(served, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' })).toBe(
      'answered',
    );
    await served.close();
  });

  it('leave only what they name in TLS 1.2, and TLS 1.3 as it is', async () => {
    const served = await serveTls(`tls: {${FILES}, ciphersuites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]}`);
    const socket = await handshake(served, { maxVersion: 'TLSv1.2' });
    expect(socket.getCipher().name).toBe('ECDHE-ECDSA-AES128-GCM-SHA256');
    socket.destroy();
    expect(await outcome(served, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' })).toBe(
      'refused',
    );
    expect(await outcome(served, { minVersion: 'TLSv1.3' })).toBe('answered');
    await served.close();
  });
});

describe('http.tls.clientcas and http.tls.clientauth', () => {
  const friend = selfSigned('friend');
  const stranger = selfSigned('stranger');
  const AS_FRIEND: ConnectionOptions = { cert: friend.certificate, key: friend.key };
  const AS_STRANGER: ConnectionOptions = { cert: stranger.certificate, key: stranger.key };
  const prepare = (folder: string): void => writeFileSync(join(folder, 'ca.crt'), friend.certificate);

  it.each([
    ['', { friend: 'answered', stranger: 'refused', nobody: 'refused' }],
    [
      ', clientauth: require-and-verify-client-cert',
      { friend: 'answered', stranger: 'refused', nobody: 'refused' },
    ],
    [
      ', clientauth: verify-client-cert-if-given',
      { friend: 'answered', stranger: 'refused', nobody: 'answered' },
    ],
    [
      ', clientauth: require-any-client-cert',
      { friend: 'answered', stranger: 'answered', nobody: 'refused' },
    ],
    [', clientauth: request-client-cert', { friend: 'answered', stranger: 'answered', nobody: 'answered' }],
  ])('clientcas%s', async (auth, expected) => {
    const served = await serveTls(`tls: {${FILES}, clientcas: [FOLDER/ca.crt]${auth}}`, { prepare });
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const versions = { minVersion: version, maxVersion: version };
      expect({
        friend: await outcome(served, { ...AS_FRIEND, ...versions }),
        stranger: await outcome(served, { ...AS_STRANGER, ...versions }),
        nobody: await outcome(served, versions),
      }).toEqual(expected);
    }
    await served.close();
  });

  it('an authority that is taken away is not trusted any more, not even with a session of before', async () => {
    const served = await serveTls(`tls: {${FILES}, clientcas: [FOLDER/ca.crt]}`, { prepare });
    const sessions: Buffer[] = [];
    const versions = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
    const before = await handshake(served, { ...AS_FRIEND, ...versions });
    const session = before.getSession();
    if (session !== undefined) sessions.push(session);
    before.destroy();
    const resumed = await handshake(served, { ...AS_FRIEND, ...versions, session: sessions[0] });
    expect(resumed.isSessionReused()).toBe(true);
    resumed.destroy();
    writeFileSync(join(served.folder, 'ca.crt'), stranger.certificate);
    await eventually(async () => (await outcome(served, AS_STRANGER)) === 'answered');
    expect(await outcome(served, { ...AS_FRIEND, ...versions, session: sessions[0] })).toBe('refused');
    await served.close();
  });

  it('a file without a certificate is an error that names it', async () => {
    const empty = (folder: string): void => writeFileSync(join(folder, 'ca.crt'), 'nothing');
    const started = serveTls(`tls: {${FILES}, clientcas: [FOLDER/ca.crt]}`, { prepare: empty });
    await expect(started).rejects.toThrow(/config\.yml:6:\d+: .*ca\.crt holds no certificate in PEM/);
    await expect(started).rejects.toBeInstanceOf(ConfigError);
  });
});

describe('certificate and key that change', () => {
  it('are in use for new connections, while a transfer under way goes on', async () => {
    const served = await serveTls();
    const blob = bytes(30 * MIB);
    const digest = await pushBlob(served.door, 'a/b', blob);
    const agent = new Agent({ rejectUnauthorized: false, keepAlive: true, maxSockets: 1 });
    const options: RequestOptions = {
      host: '127.0.0.1',
      port: served.port,
      path: `/v2/a/b/blobs/${digest}`,
      agent,
    };
    const download = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      request(options, resolve).once('error', reject).end();
    });
    download.pause();
    replace(served, 'second');
    await eventually(async () => (await nameSeen(served)) === 'second');
    let received = 0;
    for await (const piece of download) received += (piece as Buffer).byteLength;
    expect(received).toBe(blob.byteLength);
    // The old connection serves one more request.
    const again = await new Promise<number | undefined>((resolve, reject) => {
      request({ ...options, path: '/v2/' }, (answer) => resolve(answer.resume().statusCode))
        .once('error', reject)
        .end();
    });
    expect(again).toBe(200);
    agent.destroy();
    expect(served.door.log.lines.map(({ message }) => message)).toContain('a changed file is in use');
    await served.close();
  });

  it('stay as they were where only one of them changed, and the log says why, until the other comes', async () => {
    const served = await serveTls();
    const { certificate, key } = selfSigned('second');
    writeFileSync(join(served.folder, 'tls.crt'), certificate);
    const errors = (): readonly unknown[] =>
      served.door.log.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields['error']);
    await eventually(() => errors().length > 0);
    expect(String(errors()[0])).toMatch(/config\.yml:6:\d+: .*tls\.key cannot be used together: .*mismatch/);
    expect(await nameSeen(served)).toBe('first');
    writeFileSync(join(served.folder, 'tls.key'), key);
    await eventually(async () => (await nameSeen(served)) === 'second');
    await served.close();
  });

  it('stay as they were where the file is half written or gone', async () => {
    const served = await serveTls();
    writeFileSync(join(served.folder, 'tls.crt'), served.certificate.slice(0, 200));
    await eventually(() => served.door.log.lines.some(({ level }) => level === 'error'));
    expect(await nameSeen(served)).toBe('first');
    await served.close();
  });

  it('are taken over from a mounted Kubernetes secret, whose folder is swapped', async () => {
    const served = await serveTls('tls: {certificate: FOLDER/secret/tls.crt, key: FOLDER/secret/tls.key}', {
      prepare: (folder) => {
        symlinkSync('..data', join(folder, 'secret'));
        writeVersion(folder, '..data', 'one');
      },
    });
    expect(await nameSeen(served)).toBe('one');
    writeVersion(served.folder, '..tmp', 'two');
    renameSync(join(served.folder, '..tmp'), join(served.folder, '..data'));
    await eventually(async () => (await nameSeen(served)) === 'two');
    await served.close();
  });
});

/** A folder version behind a link, as the kubelet writes it. */
function writeVersion(folder: string, link: string, name: string): void {
  const { certificate, key } = selfSigned(name);
  mkdirSync(join(folder, `v-${name}`));
  writeFileSync(join(folder, `v-${name}`, 'tls.crt'), certificate);
  writeFileSync(join(folder, `v-${name}`, 'tls.key'), key);
  symlinkSync(`v-${name}`, join(folder, link));
}

describe('the proof of a name for an ACME authority (RFC 8737)', () => {
  const NAME = 'registry.berth.test';
  const proof = selfSigned('the proof');
  const own = selfSigned('the certificate');

  async function shownTo(
    pair: { certificate: string; key: string } | undefined,
    version: 'TLSv1.2' | 'TLSv1.3',
    protocol: string,
  ): Promise<string | undefined> {
    const toPair = ({ certificate: cert, key }: typeof proof) => ({ cert, key });
    const server = await startServer({
      app: async () => ({ status: 200, headers: {} }),
      log: recordedLog(),
      address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      tls: {
        material: {
          pair: undefined,
          clientAuthorities: undefined,
          minVersion: 'TLSv1.2',
          ciphers: DEFAULT_CIPHERS,
        },
        byName: {
          pairFor: (name) => (name === NAME && pair !== undefined ? toPair(pair) : undefined),
          challengeFor: (name) => (name === NAME ? toPair(proof) : undefined),
        },
      },
    });
    const port = 'port' in server.address ? server.address.port : 0;
    const socket = connect({
      ...{ host: '127.0.0.1', port, servername: NAME, ALPNProtocols: [protocol], rejectUnauthorized: false },
      ...{ minVersion: version, maxVersion: version },
    });
    try {
      await new Promise((resolve, reject) => {
        socket.once('secureConnect', resolve);
        socket.once('error', reject);
      });
      expect(socket.alpnProtocol).toBe(protocol);
      return socket.getPeerX509Certificate()?.subject;
    } finally {
      socket.destroy();
      await server.close(0);
    }
  }

  it('is shown to an authority that looks for the first certificate', async () => {
    expect(await shownTo(undefined, 'TLSv1.3', 'acme-tls/1')).toBe('CN=the proof');
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('is shown for a renewal, over %s', async (version) => {
    expect(await shownTo(own, version, 'acme-tls/1')).toBe('CN=the proof');
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('is not shown to clients over %s', async (version) => {
    expect(await shownTo(own, version, 'http/1.1')).toBe('CN=the certificate');
  });

  it('is not shown to clients where there is no certificate yet: they are refused', async () => {
    await expect(shownTo(undefined, 'TLSv1.3', 'http/1.1')).rejects.toThrow('handshake failure');
  });
});
