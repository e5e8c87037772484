import { readFile } from 'node:fs/promises';
import { IssuerKeys, type ReadKeys } from '../../auth/identity/issuer-keys.ts';
import { Workloads } from '../../auth/identity/workloads.ts';
import type { WorkloadIssuerSettings, WorkloadRuleSettings } from '../../config/workload-schema.ts';
import { isRecord } from '../../oci/descriptor.ts';
import type { IdentityBuilder } from './parts.ts';

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 512 * 1024;

/** `workload_identity`. An issuer is asked for its keys when one of its tokens comes. */
export const workload: IdentityBuilder = (settings, { clock, log }) => {
  const { workload_identity: section } = settings;
  if (section === undefined) return undefined;
  const issuers = [...section.issuers.values()].map((one) => ({
    issuer: one.issuer,
    keys: new IssuerKeys(keysOf(one), clock),
    rules: one.identities.map(ruleOf),
  }));
  return { provider: new Workloads({ audience: section.audience, issuers, clock, log }) };
};

function ruleOf({ account, subject, claims, labels, labelClaims }: WorkloadRuleSettings) {
  return {
    ...{ account, subject },
    claims: [...claims],
    labels: Object.fromEntries(labels),
    labelClaims: [...labelClaims],
  };
}

function keysOf({ issuer, jwksUrl, jwksFile }: WorkloadIssuerSettings): ReadKeys {
  if (jwksFile !== undefined) return () => readFile(jwksFile, 'utf8');
  if (jwksUrl !== undefined) return () => get(jwksUrl);
  return async () => get(await discover(issuer));
}

/** OpenID Connect Discovery 1.0, sections 4 and 4.3: the document must be of the very issuer that was asked for. */
async function discover(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const found: unknown = JSON.parse(await get(url));
  if (!isRecord(found) || found['issuer'] !== issuer) {
    throw new Error(`${url} is about another issuer than ${issuer}`);
  }
  const keys = found['jwks_uri'];
  if (typeof keys !== 'string' || !URL.canParse(keys)) throw new Error(`${url} names no jwks_uri`);
  if (new URL(keys).protocol !== new URL(issuer).protocol) {
    throw new Error(`the jwks_uri that ${url} names is not ${new URL(issuer).protocol}//`);
  }
  return keys;
}

async function get(url: string): Promise<string> {
  const answer = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { Accept: 'application/json' },
  });
  if (!answer.ok || answer.body === null) throw new Error(`${url} answered ${answer.status}`);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of answer.body) {
    size += piece.byteLength;
    if (size > MAX_BYTES) throw new Error(`${url} answered more than ${MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
