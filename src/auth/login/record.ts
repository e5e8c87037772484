import { isRecord } from '../../oci/descriptor.ts';
import type { GeneratedPassword } from './generated-password.ts';
import { readRecord } from './json.ts';
import type { Sealer } from './sealer.ts';
import type { UpstreamTokens } from './upstream/upstream.ts';

/** What is kept of an account that signed in with a browser. */
export interface LoginRecord {
  /** `oidc_auth`, for example; undefined: docker_auth wrote the record. */
  readonly section: string | undefined;
  /** undefined: they were sealed with another client secret, so that the identity provider cannot be asked any more. */
  readonly tokens: UpstreamTokens | undefined;
  /** When the identity provider is to be asked again. */
  readonly dueAtMs: number;
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly passwords: readonly GeneratedPassword[];
  /** The bcrypt hash of a password that docker_auth made. */
  readonly legacyHash: string | undefined;
  /** Of docker_auth's password, which had none there; undefined: not yet set. */
  readonly legacyExpiresAtMs: number | undefined;
  /** A process that is asking the identity provider now: a refresh token that changes can be used by one only. */
  readonly claim: { readonly by: string; readonly untilMs: number } | undefined;
}

/** A record that cannot be read. */
export class DamagedRecord extends Error {
  constructor(account: string) {
    super(
      `the token database's record of ${JSON.stringify(account)} is damaged; remove it, and sign in again`,
    );
    this.name = 'DamagedRecord';
  }
}

/**
 * A record as a document: docker_auth's JSON, so that it reads ours and we read its, with a part of our own. The
 * upstream's tokens stand sealed in that part, and not in clear where docker_auth has them.
 */
export function formatRecord(record: LoginRecord, account: string, sealer: Sealer): string {
  return JSON.stringify({
    token_type: 'Bearer',
    valid_until: new Date(record.dueAtMs).toISOString(),
    ...(record.legacyHash !== undefined && { docker_password: record.legacyHash }),
    labels: record.labels,
    berth: {
      section: record.section,
      tokens: record.tokens && sealer.seal(JSON.stringify(record.tokens), account),
      passwords: record.passwords,
      legacy_expires_at: record.legacyExpiresAtMs,
      claim: record.claim,
    },
  });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function labelsOf(value: unknown): Record<string, readonly string[]> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.map(([name, values]) => [
      name,
      Array.isArray(values) ? values.filter((each): each is string => typeof each === 'string') : [],
    ]),
  );
}

function isPassword(value: unknown): value is GeneratedPassword {
  return (
    isRecord(value) &&
    typeof value['id'] === 'string' &&
    typeof value['hash'] === 'string' &&
    typeof value['createdAtMs'] === 'number' &&
    typeof value['expiresAtMs'] === 'number'
  );
}

function claimOf(value: unknown): LoginRecord['claim'] {
  if (!isRecord(value)) return undefined;
  const { by, untilMs } = value;
  return typeof by === 'string' && typeof untilMs === 'number' ? { by, untilMs } : undefined;
}

function openTokens(sealed: unknown, account: string, sealer: Sealer): UpstreamTokens | undefined {
  const text = typeof sealed === 'string' ? sealer.open(sealed, account) : undefined;
  // Nobody without the key can have made it.
  return text === undefined ? undefined : (readRecord(text) as UpstreamTokens | undefined);
}

/**
 * Reads a document that this or docker_auth wrote.
 * @throws DamagedRecord
 */
export function parseRecord(document: string, account: string, sealer: Sealer): LoginRecord {
  const value = readRecord(document);
  if (value === undefined) throw new DamagedRecord(account);
  const validUntilMs = Date.parse(String(value['valid_until']));
  const common = {
    dueAtMs: Number.isNaN(validUntilMs) ? 0 : validUntilMs,
    labels: labelsOf(value['labels']),
    legacyHash: textOf(value['docker_password']),
  };
  const { berth } = value;
  const clear = { refresh: textOf(value['refresh_token']), access: textOf(value['access_token']) };
  if (!isRecord(berth)) {
    return {
      ...{ ...common, section: undefined, tokens: clear, passwords: [] },
      ...{ legacyExpiresAtMs: undefined, claim: undefined },
    };
  }
  const passwords = Array.isArray(berth['passwords']) ? berth['passwords'] : [];
  return {
    ...common,
    section: textOf(berth['section']),
    tokens: openTokens(berth['tokens'], account, sealer),
    passwords: passwords.filter(isPassword),
    legacyExpiresAtMs:
      typeof berth['legacy_expires_at'] === 'number' ? berth['legacy_expires_at'] : undefined,
    claim: claimOf(berth['claim']),
  };
}
