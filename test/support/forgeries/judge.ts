import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exchange } from '../raw-http.ts';
import type { RawResponse } from '../raw-response.ts';
import { GRANTS } from './access.ts';
import type { Forgery } from './case.ts';
import { CLAIMS } from './claims.ts';
import type { Forge } from './forge.ts';
import { HEADERS } from './headers.ts';
import { REQUESTS } from './requests.ts';
import { SIGNATURES } from './signatures.ts';

/** The whole table. */
export const FORGERIES: readonly (readonly [title: string, Forgery])[] = Object.entries({
  header: HEADERS,
  signature: SIGNATURES,
  claims: CLAIMS,
  grants: GRANTS,
  request: REQUESTS,
}).flatMap(([group, rows]) => rows.map((row) => [`${group}: ${row.title}`, row] as const));

const REFUSALS = [400, 401, 403];

/** A server that nobody has to come to. */
export interface Lure {
  readonly url: string;
  /** Requests that came. */
  readonly visits: () => number;
  close(): Promise<void>;
}

export async function openLure(): Promise<Lure> {
  let visits = 0;
  const server = createServer((_request, response) => {
    visits += 1;
    response.end('{"keys":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    visits: () => visits,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Whether a row can be made with the key of this forge. */
export function fits(row: Forgery, forge: Forge): boolean {
  return row.only === undefined || (row.only === 'RSA') === (forge.algorithm === 'RS256');
}

/**
 * Sends the requests of a row to a registry.
 * @returns what went otherwise than the row says, a line for each request
 */
export async function judge(
  port: number,
  forge: Forge,
  row: Forgery,
  registry: 'berth' | 'registry:2',
): Promise<string[]> {
  const differs = registry === 'registry:2' ? row.real : undefined;
  const accepts = differs?.accepts ?? row.accepted !== undefined;
  const requests = row.requests(forge);
  if (requests.length === 0) return ['the row has no request'];
  const answers = await Promise.all(
    requests.map((request) =>
      exchange(port, request).catch((error: unknown) => {
        if (differs?.closes !== true) throw error;
        return undefined;
      }),
    ),
  );
  return answers.flatMap((answer, position) => {
    if (answer === undefined) return [];
    const expected = registry === 'berth' && row.status !== undefined ? [row.status] : REFUSALS;
    const isAsSaid = accepts ? answer.status === 202 : expected.includes(answer.status) && saysWhere(answer);
    const request = requests[position] ?? '';
    return isAsSaid ? [] : [`${answer.status} to ${JSON.stringify(request).slice(0, 1_500)}`];
  });
}

/** A 401 has to come with the way to a token (RFC 9110, section 15.5.2). */
function saysWhere({ status, headers }: RawResponse): boolean {
  return status !== 401 || (headers['www-authenticate'] ?? '').startsWith('Bearer realm="');
}
