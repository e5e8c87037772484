import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type BerthProcess, Workplace } from '../support/berth-process.ts';
import { selfSigned } from '../support/self-signed.ts';

/* `berth auth` with docker_auth's examples/simple.yml, over TLS, with glog's flags. */

const PAIR = selfSigned();

function simpleYml(addr: string, more = ''): string {
  return `# A simple example. See reference.yml for explanation for explanation of all options.
server:
  addr: "${addr}"
  certificate: "server.pem"
  key: "server.key"

token:
  issuer: "Acme auth server"  # Must match issuer in the Registry config.
  expiration: 900
${more}
users:
  # Password is specified as a BCrypt hash. Use \`htpasswd -nB USERNAME\` to generate.
  "admin":
    password: "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC"  # badmin
  "test":
    password: "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya"  # 123

acl:
  - match: {account: "admin"}
    actions: ["*"]
    comment: "Admin has full access to everything."
  - match: {account: "test"}
    actions: ["pull"]
    comment: "User \\"test\\" can pull stuff."
  # Access is denied by default.
`;
}

function get(url: string, user: string, password: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { ca: PAIR.certificate, auth: `${user}:${password}`, agent: false },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        answer.once('end', () => resolve({ status: answer.statusCode ?? 0, body }));
      },
    );
    asked.once('error', reject);
    asked.end();
  });
}

describe('bin/berth auth', () => {
  let place: Workplace;
  beforeAll(() => {
    place = new Workplace();
    const other = selfSigned();
    const files = {
      'server.pem': PAIR.certificate,
      'server.key': PAIR.key,
      'other.key': other.key,
      'simple.yml': simpleYml('127.0.0.1:0'),
      'unknown.yml': simpleYml('127.0.0.1:0', '  expiraton: 5'),
      'mismatch.yml': simpleYml('127.0.0.1:0').replace('server.key', 'other.key'),
      'missing.yml': simpleYml('127.0.0.1:0').replace('server.pem', 'no.pem'),
      'garbage.yml': simpleYml('127.0.0.1:0').replace('server.pem', 'simple.yml'),
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(place.folder, name), text);
  });
  afterAll(() => place.clear());

  const SAYS = /at (https:\/\/127\.0\.0\.1:\d+\/auth)/;

  it('issues tokens by simple.yml', { timeout: 20_000 }, async () => {
    const process = place.start(['auth', 'simple.yml']);
    const url = await process.says(SAYS);
    const query =
      '?account=admin&client_id=docker&offline_token=true&service=Docker+registry&scope=repository:a/b:push,pull';
    const good = await get(url + query, 'admin', 'badmin');
    expect(good.status).toBe(200);
    const { token } = JSON.parse(good.body) as { token: string };
    const [header = '', payload = ''] = token
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString());
    expect(JSON.parse(header)).toMatchObject({
      typ: 'JWT',
      alg: 'ES256',
      kid: expect.stringMatching(/^([A-Z2-7]{4}:){11}[A-Z2-7]{4}$/),
      x5c: [PAIR.certificate.replaceAll(/-----.*?-----|\n/g, '')],
    });
    expect(JSON.parse(payload)).toMatchObject({
      iss: 'Acme auth server',
      sub: 'admin',
      aud: 'Docker registry',
      access: [{ type: 'repository', name: 'a/b', actions: ['pull', 'push'] }],
    });
    expect((await get(url, 'admin', 'wrong')).status).toBe(401);
    expect((await get(`${url}/token?service=x`, 'test', '123')).status).toBe(200);
    const ended = await process.stop();
    expect(ended.code).toBe(0);
    expect(ended.stdout + ended.stderr).not.toMatch(/badmin|eyJ|\$2y\$/);
  });

  it('shows another certificate once its files have changed', { timeout: 20_000 }, async () => {
    const own = new Workplace();
    for (const [name, text] of [
      ['server.pem', PAIR.certificate],
      ['server.key', PAIR.key],
      ['simple.yml', simpleYml('127.0.0.1:0')],
    ] as const) {
      writeFileSync(join(own.folder, name), text);
    }
    const process = own.start(['auth', 'simple.yml']);
    const port = Number(new URL(await process.says(SAYS)).port);
    const nameSeen = (): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
          resolve(socket.getPeerCertificate().subject.CN);
          socket.destroy();
        });
        socket.once('error', reject);
      });
    expect(await nameSeen()).toBe('localhost');
    const next = selfSigned('next');
    writeFileSync(join(own.folder, 'server.pem'), next.certificate);
    writeFileSync(join(own.folder, 'server.key'), next.key);
    await vi.waitFor(async () => expect(await nameSeen()).toBe('next'), { timeout: 10_000, interval: 100 });
    await process.stop();
    await own.clear();
  });

  it("takes glog's flags in every spelling and place", { timeout: 30_000 }, async () => {
    const spellings = [
      ['--v=2', '--alsologtostderr', 'auth', 'simple.yml'],
      ['auth', '-v=2', '-alsologtostderr', '-logtostderr=true', 'simple.yml', '--stderrthreshold=INFO'],
      [
        'auth',
        'simple.yml',
        '-v',
        '2',
        '--log_dir',
        '/tmp',
        '--vmodule=a=1',
        '--log_backtrace_at=',
        '--logtostderr',
      ],
    ];
    const started: BerthProcess[] = spellings.map((args) => place.start(args));
    for (const process of started) {
      const url = await process.says(SAYS);
      expect((await get(url, 'test', '123')).status).toBe(200);
      expect((await process.stop()).code).toBe(0);
    }
  });

  it.each([
    ['an unknown key', 'unknown.yml', /unknown\.yml:10:3: .*expiraton.*expiration/s],
    [
      'a key that does not belong to the certificate',
      'mismatch.yml',
      /mismatch\.yml:5:\d+: .*other\.key.*does not belong|mismatch\.yml:5:\d+: .*cannot be used together/s,
    ],
    ['a missing certificate', 'missing.yml', /missing\.yml:4:\d+: .*no\.pem.*does not exist/s],
    ['a certificate that is none', 'garbage.yml', /garbage\.yml:4:\d+: .*simple\.yml.*certificate/s],
    ['no such file', 'none.yml', /none\.yml/],
  ])('%s: the place, exit 1, and no stack', { timeout: 15_000 }, async (_, file, pattern) => {
    const ended = await place.run(['auth', file]);
    expect(ended.stderr).toMatch(pattern);
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });
});
