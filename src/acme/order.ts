import { createHash, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AcmeConnection, type Answer } from './connection.ts';
import { AcmeProblem, problemOf, retryAfterMs } from './problem.ts';
import { certificateRequest, challengeCertificate, keyPem, newKey } from './x509.ts';

const MAX_POLLS = 30;
const FIRST_POLL_MS = 500;
const MAX_POLL_MS = 10_000;

/** A certificate chain and its key, in PEM. */
export interface OrderedPair {
  readonly cert: string;
  readonly key: string;
}

/** What an order needs. */
export interface OrderOptions {
  readonly host: string;
  readonly directoryUrl: string;
  readonly email: string | undefined;
  readonly accountKey: KeyObject;
  /** Shows the certificate to whoever connects with the protocol `acme-tls/1`, until the action is over. */
  readonly prove: (proof: OrderedPair, whileShown: () => Promise<void>) => Promise<void>;
  readonly signal: AbortSignal;
}

interface Challenge {
  readonly type: string;
  readonly url: string;
  readonly token: string;
}

/**
 * Obtains a certificate for one name (RFC 8555, section 7.4) with a `tls-alpn-01` challenge (RFC 8737).
 * @throws AcmeProblem where the authority refuses, or the network's error
 */
export async function orderCertificate(options: OrderOptions): Promise<OrderedPair> {
  const { host, signal } = options;
  const connection = await AcmeConnection.open({ ...options, key: options.accountKey });
  const created = await connection.post(connection.newOrder, { identifiers: [{ type: 'dns', value: host }] });
  const orderUrl = created.headers.get('location') ?? '';
  const order = JSON.parse(created.text) as { authorizations: string[]; finalize: string };
  for (const url of order.authorizations) await authorize(connection, url, options);
  await until(connection, orderUrl, ['ready', 'valid'], signal);
  const key = newKey();
  const csr = certificateRequest(host, key).toString('base64url');
  await connection.post(order.finalize, { csr });
  const { certificate } = (await until(connection, orderUrl, ['valid'], signal)) as { certificate: string };
  return { cert: (await connection.post(certificate)).text, key: keyPem(key) };
}

async function authorize(connection: AcmeConnection, url: string, options: OrderOptions): Promise<void> {
  const { status, challenges } = JSON.parse((await connection.post(url)).text) as {
    status: string;
    challenges: Challenge[];
  };
  if (status === 'valid') return;
  const challenge = challenges.find(({ type }) => type === 'tls-alpn-01');
  if (challenge === undefined) {
    throw new AcmeProblem('unknown', 'the authority offers no challenge of the type tls-alpn-01');
  }
  const key = newKey();
  const digest = createHash('sha256')
    .update(await connection.keyAuthorization(challenge.token))
    .digest();
  const cert = challengeCertificate(options.host, key, digest, Date.now());
  await options.prove({ cert, key: keyPem(key) }, async () => {
    await connection.post(challenge.url, {});
    await until(connection, url, ['valid'], options.signal);
  });
}

/** Asks for an order or an authorization until it has one of these states. */
async function until(
  connection: AcmeConnection,
  url: string,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<unknown> {
  let waitMs = FIRST_POLL_MS;
  for (let poll = 0; poll < MAX_POLLS; poll += 1) {
    const answer = await connection.post(url);
    const found = JSON.parse(answer.text) as { status: string };
    if (wanted.includes(found.status)) return found;
    if (!['pending', 'processing', 'ready'].includes(found.status)) throw refusalOf(found);
    await sleep(waitOf(answer, waitMs), undefined, { signal });
    waitMs = Math.min(2 * waitMs, MAX_POLL_MS);
  }
  throw new AcmeProblem('unknown', `the authority did not decide about ${url}`);
}

function waitOf(answer: Answer, otherwiseMs: number): number {
  const asked = retryAfterMs(answer.headers.get('retry-after'), Date.now());
  return Math.min(asked ?? otherwiseMs, MAX_POLL_MS);
}

/** Why an order or an authorization failed: the reason stands in it, or in one of its challenges. */
function refusalOf(found: {
  status: string;
  error?: unknown;
  challenges?: { error?: unknown }[];
}): AcmeProblem {
  const error = found.error ?? found.challenges?.find((challenge) => challenge.error !== undefined)?.error;
  return error === undefined
    ? new AcmeProblem('unknown', `the authority says "${found.status}" and no reason`)
    : problemOf(error);
}
