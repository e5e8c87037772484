import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openListener } from '../../src/cli/listener.ts';
import { parseRegistryConfig } from '../../src/config/distribution.ts';
import type { RunningServer } from '../../src/http/server.ts';
import { type FrontDoor, type FrontDoorOptions, openFrontDoor } from './front-door.ts';
import { selfSigned } from './self-signed.ts';

/** A registry behind a real port, with the `http` section of a configuration. */
export interface TlsServed {
  readonly door: FrontDoor;
  readonly server: RunningServer;
  readonly port: number;
  /** Folder with `tls.crt` and `tls.key`. */
  readonly folder: string;
  /** The certificate that the server began with. */
  readonly certificate: string;
  close(): Promise<void>;
}

/**
 * @param http what stands below `http` besides addr; FOLDER stands for the folder with `tls.crt` and `tls.key`, of
 *   which TLS is made unless said otherwise
 * @param prepare puts more files into the folder
 */
export async function serveTls(
  http = 'tls: {certificate: FOLDER/tls.crt, key: FOLDER/tls.key}',
  options: FrontDoorOptions & { prepare?: (folder: string) => void } = {},
): Promise<TlsServed> {
  const door = await openFrontDoor(options);
  const folder = join(door.folder, 'tls');
  mkdirSync(folder, { recursive: true });
  const { certificate, key } = selfSigned('first');
  writeFileSync(join(folder, 'tls.crt'), certificate);
  writeFileSync(join(folder, 'tls.key'), key);
  options.prepare?.(folder);
  const yaml = `version: 0.1\nstorage: filesystem\nauth: none\nhttp:\n  addr: 127.0.0.1:0\n  ${http.replaceAll('FOLDER', folder)}\n`;
  const { config, document } = parseRegistryConfig(yaml, 'config.yml', {});
  const server = await openListener({
    app: door.app,
    log: door.log,
    clock: { now: Date.now },
    address: config.http.listen,
    document,
    section: ['http', 'tls'],
    tls: config.http.tls,
    http2: config.http.tls === undefined ? config.http.h2c : config.http.http2,
  });
  if ('path' in server.address) throw new Error('the server listens on a path');
  return {
    door,
    server,
    port: server.address.port,
    folder,
    certificate,
    async close() {
      await server.close(0);
      await door.close();
    },
  };
}
