import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Certificate } from './certificates.ts';
import { answers } from './http.ts';
import { folder } from './root.ts';
import { freePort, startServer } from './server.ts';

const PAGE = resolve(import.meta.dirname, '../../../docs/how-to/reverse-proxy.md');

/** The configurations of the how-to, in the order of the page: what it tells people is what is tested. */
export function nginxBlocks(): readonly string[] {
  return [...readFileSync(PAGE, 'utf8').matchAll(/^```nginx\n(.*?)^```$/gms)].map(([, text = '']) => text);
}

/** An nginx of its own, in front of one Berth. */
export interface Nginx {
  readonly port: number;
  /** with https */
  readonly url: string;
  output(): string;
  stop(): Promise<void>;
}

/**
 * Starts nginx with the how-to's configuration: only addresses and files are those of the test.
 * @param locations put into the server beside `location /`
 */
export async function startNginx(
  upstreamPort: number,
  certificate: Certificate,
  locations = '',
): Promise<Nginx> {
  const port = await freePort();
  const place = folder('nginx');
  const bodies = join(place, 'bodies');
  mkdirSync(bodies);
  const replaced = (text: string, from: string, to: string) => {
    if (!text.includes(from)) throw new Error(`the how-to's nginx configuration has no "${from}"`);
    return text.replace(from, to);
  };
  let server = nginxBlocks()[0] ?? '';
  server = replaced(server, 'server 127.0.0.1:5000;', `server 127.0.0.1:${upstreamPort};`);
  server = replaced(server, 'listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`);
  server = replaced(server, '/etc/nginx/registry.pem', certificate.certificateFile);
  server = replaced(server, '/etc/nginx/registry.key', certificate.keyFile);
  server = replaced(server, '    location / {', `${locations}\n    location / {`);
  const temporary = ['proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${place}/${kind};`,
  );
  const file = join(place, 'nginx.conf');
  writeFileSync(
    file,
    [
      'daemon off; master_process off; error_log stderr info;',
      `pid ${place}/nginx.pid;`,
      'events {}',
      `http { access_log off; client_body_temp_path ${bodies}; ${temporary.join(' ')}`,
      server,
      '}',
    ].join('\n'),
  );
  const running = await startServer({
    name: 'nginx',
    command: '/usr/sbin/nginx',
    args: ['-p', place, '-c', file],
    ready: () => answers(`https://127.0.0.1:${port}/healthz`, certificate.certificate),
  });
  return {
    port,
    url: `https://127.0.0.1:${port}`,
    output: () => running.output(),
    stop: () => running.stop(),
  };
}
