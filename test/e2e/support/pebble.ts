import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { Certificate } from './certificates.ts';
import { goProgram } from './go.ts';
import { answers, send } from './http.ts';
import { folder } from './root.ts';
import { freePort, type Server, startServer } from './server.ts';

const MODULE = 'github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.1';

/**
 * Let's Encrypt's test server: the one that BERTH_PEBBLE names, an installed one, or one that Go builds now.
 * @returns undefined where there is none to be had
 */
export function findPebble(): Promise<string | undefined> {
  return goProgram('BERTH_PEBBLE', 'pebble', MODULE);
}

/** A name server to which every name is 127.0.0.1; pebble asks over TCP. */
async function nameServer(): Promise<{ port: number; close(): void }> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (data: Buffer) => {
      const query = data.subarray(2);
      const end = query.indexOf(0, 12) + 5;
      const isAddress = query.readUInt16BE(end - 4) === 1;
      const header = Buffer.from(query.subarray(0, 12));
      header.writeUInt16BE(0x8580, 2);
      header.writeUInt16BE(isAddress ? 1 : 0, 6);
      header.writeUInt32BE(0, 8);
      const answer = Buffer.from('c00c000100010000000000047f000001', 'hex');
      const message = Buffer.concat([header, query.subarray(12, end), ...(isAddress ? [answer] : [])]);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.byteLength);
      socket.write(Buffer.concat([length, message]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, close: () => server.close() };
}

export interface PebbleOptions {
  readonly program: string;
  /** of pebble's own port */
  readonly certificate: Certificate;
  readonly port: number;
  /** where it connects to, to see whether a name is ours */
  readonly tlsPort: number;
  readonly validitySeconds: number;
}

export interface Pebble {
  readonly directoryUrl: string;
  /** PEM of the root under which it signs */
  root(): Promise<string>;
  output(): string;
  stop(): Promise<void>;
}

/** Starts an ACME server that really connects to the name that it signs for. */
export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  const { program, certificate, port, tlsPort, validitySeconds } = options;
  const names = await nameServer();
  const management = await freePort();
  const config = join(folder('pebble'), 'config.json');
  const profile = { description: 'as the test wants it', validityPeriod: validitySeconds };
  writeFileSync(
    config,
    JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${port}`,
        managementListenAddress: `127.0.0.1:${management}`,
        certificate: certificate.certificateFile,
        privateKey: certificate.keyFile,
        httpPort: 1,
        tlsPort,
        keyAlgorithm: 'ecdsa',
        retryAfter: { authz: 1, order: 1 },
        profiles: { default: profile },
      },
    }),
  );
  const server: Server = await startServer({
    name: 'pebble',
    command: program,
    args: ['-config', config, '-dnsserver', `127.0.0.1:${names.port}`],
    // A third of the nonces is refused: what asks must then ask again.
    env: { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '30' },
    ready: () => answers(`https://localhost:${port}/dir`, certificate.certificate),
  });
  return {
    directoryUrl: `https://localhost:${port}/dir`,
    root: async () =>
      (await send(`https://localhost:${management}/roots/0`, { ca: certificate.certificate })).text,
    output: () => server.output(),
    async stop() {
      names.close();
      await server.stop();
    },
  };
}
