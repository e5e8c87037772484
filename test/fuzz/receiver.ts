import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const HUGE_BYTES = 4 * 1024 * 1024;

/** A receiver of notifications that misbehaves every few requests. */
export interface Receiver {
  readonly url: string;
  /** How many pushes into a repository it has taken; the same one twice counts once. */
  pushesInto(repository: string): number;
  close(): void;
}

/** Starts one. It answers late, at length, with an error or not at all; what it takes it remembers. */
export async function startReceiver(): Promise<Receiver> {
  const pushes = new Map<string, Set<string>>();
  let requests = 0;
  const server = createServer(async (request, response) => {
    requests += 1;
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    switch (requests % 40) {
      case 1:
        response.writeHead(500).end();
        return;
      case 11:
        request.socket.destroy();
        return;
      case 21:
        response.writeHead(307, { Location: 'http://127.0.0.1:1/' }).end();
        return;
      case 31:
        // Says nothing until the sender gives up.
        return;
      case 36:
        response.writeHead(503).end(Buffer.alloc(HUGE_BYTES));
        return;
    }
    const { events } = JSON.parse(Buffer.concat(pieces).toString()) as {
      events: { action: string; target: { repository: string; digest: string } }[];
    };
    for (const { action, target } of events) {
      if (action !== 'push') continue;
      const known = pushes.get(target.repository) ?? new Set();
      pushes.set(target.repository, known.add(target.digest));
    }
    response.writeHead(200).end();
  });
  server.on('clientError', (_, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    pushesInto: (repository) => pushes.get(repository)?.size ?? 0,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
