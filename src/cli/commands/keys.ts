import { newKey } from '../../auth/token/key-ring.ts';
import { signingAt } from '../../auth/token/key-schedule.ts';
import { loadAuthConfig } from '../../config/docker-auth.ts';
import { parseGoDuration } from '../../config/duration.ts';
import type { SigningKeyIndex, SigningKeyRecord } from '../../index/signing-keys.ts';
import { type DataOptions, openIndex } from '../account-data.ts';
import { loadConfiguration } from '../configuration.ts';
import { Failure } from '../failure.ts';
import { COMMAND } from '../passwords.ts';

const DAY_MS = 86_400_000;
const NANOSECONDS_PER_MS = 1_000_000;
/** By then every process has seen the key. */
const AT_ONCE_MS = 5_000;

/** What the commands are told. */
export interface KeysOptions extends DataOptions {
  /** A service that has keys of its own; otherwise it is those of all others. */
  readonly service?: string;
}

/** What a key that follows is published before it signs, as the configuration says. */
function overlapOf({ config, authConfig, data }: DataOptions): number {
  if (authConfig !== undefined) return loadAuthConfig(authConfig).config.token.rotation.overlapMs;
  if (data !== undefined) return DAY_MS;
  const { auth } = loadConfiguration(config).config;
  return auth.kind === 'builtin' ? auth.settings.token.rotation.overlapMs : DAY_MS;
}

async function withKeys<T>(
  options: KeysOptions,
  action: (keys: SigningKeyIndex, overlapMs: number) => Promise<T>,
): Promise<T> {
  const index = await openIndex(options, false);
  try {
    return await action(index.signingKeys, overlapOf(options));
  } finally {
    await index.close();
  }
}

function stateOf(key: SigningKeyRecord, keys: readonly SigningKeyRecord[], now: number): string {
  if (signingAt(keys, now)?.id === key.id) return 'signs';
  return key.signsFromMs > now ? 'will sign' : 'has signed';
}

function ofService({ service }: KeysOptions): string {
  return service === undefined ? '' : ` of the service ${JSON.stringify(service)}`;
}

/** `berth keys list` */
export async function listKeys(options: KeysOptions & { json?: boolean }): Promise<void> {
  await withKeys(options, async (index) => {
    const keys = await index.list(options.service);
    const now = Date.now();
    for (const key of keys) {
      const state = stateOf(key, keys, now);
      const signsFrom = new Date(key.signsFromMs).toISOString();
      const createdAt = new Date(key.createdAtMs).toISOString();
      const line =
        options.json === true
          ? JSON.stringify({ id: key.id, state, createdAt, signsFrom })
          : `${key.id}\t${state}\tfrom ${signsFrom}`;
      process.stdout.write(`${line}\n`);
    }
    if (keys.length === 0 && options.json !== true) {
      process.stdout.write(`There are no keys${ofService(options)} yet; the first start makes one.\n`);
    }
  });
}

function delayOf({ after, now }: { after?: string; now?: boolean }, overlapMs: number): number {
  if (now === true && after !== undefined) throw new Failure('write --now or --after, not both');
  if (now === true) return AT_ONCE_MS;
  if (after === undefined) return overlapMs;
  const delay = parseGoDuration(after);
  if (delay !== undefined && delay >= 0n) {
    return Math.max(AT_ONCE_MS, Number(delay) / NANOSECONDS_PER_MS);
  }
  throw new Failure(`--after ${JSON.stringify(after)} is no duration; write 10m or 24h`);
}

/** `berth keys rotate`: makes the key that signs next. */
export async function rotateKeys(options: KeysOptions & { after?: string; now?: boolean }): Promise<void> {
  await withKeys(options, async (index, overlapMs) => {
    const [last] = await index.list(options.service);
    if (last === undefined) {
      throw new Failure(`there are no keys${ofService(options)} yet; the first start makes one`);
    }
    const now = Date.now();
    if (last.signsFromMs > now + AT_ONCE_MS) {
      throw new Failure(
        `${last.id} will sign from ${new Date(last.signsFromMs).toISOString()} on; wait for it, or remove it with ${COMMAND} keys retire`,
      );
    }
    const next = await newKey(now, now + delayOf(options, overlapMs));
    if (!(await index.add(next, last.id, options.service)))
      throw new Failure('somebody else has just made a key');
    const from = new Date(next.signsFromMs).toISOString();
    process.stdout.write(`Made the key ${next.id}: published at once, it signs from ${from} on.\n`);
  });
}

/** `berth keys retire ID`: removes a key with all that it has signed. */
export async function retireKey(id: string, options: KeysOptions): Promise<void> {
  await withKeys(options, async (index) => {
    const keys = await index.list(options.service);
    const key = keys.find((one) => one.id === id);
    if (key === undefined) {
      throw new Failure(
        `there is no key ${JSON.stringify(id)}${ofService(options)}; ${COMMAND} keys list shows those that there are`,
      );
    }
    if (stateOf(key, keys, Date.now()) === 'signs') {
      throw new Failure(`the key ${id} signs; ${COMMAND} keys rotate --now makes another one first`);
    }
    await index.remove(id);
    process.stdout.write(
      `Removed the key ${id}. Registries of Berth's refuse what it has signed within a second.\n`,
    );
  });
}
