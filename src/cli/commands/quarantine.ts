import type { Index } from '../../index/index.ts';
import type { QuarantineEntry } from '../../index/integrity.ts';
import { removeDiscarded } from '../../lifecycle/remove-discarded.ts';
import { inUnits } from '../../policy/bytes-text.ts';
import { openConfiguredState } from '../configuration.ts';
import { Failure } from '../failure.ts';

const PAGE = 200;

/** What both commands are told. */
export interface QuarantineOptions {
  /** The registry's config.yml, where it has one: it says where the data are. */
  readonly config?: string;
}

async function entriesOf(index: Index): Promise<QuarantineEntry[]> {
  const all: QuarantineEntry[] = [];
  for (let after: string | undefined; ; ) {
    const page = await index.integrity.quarantined({ after, limit: PAGE });
    all.push(...page);
    if (page.length < PAGE) return all;
    after = String(page.at(-1)?.id);
  }
}

function lineOf(entry: QuarantineEntry): string {
  const { kind, digest, key, sizeBytes, reason, atMs, healedAtMs } = entry;
  const healed =
    healedAtMs === undefined ? 'waits for a push' : `healed ${new Date(healedAtMs).toISOString()}`;
  const place = key === undefined ? '' : `\t${key}`;
  return `${new Date(atMs).toISOString()}\t${kind} ${digest}\t${inUnits(sizeBytes)}\t${reason}\t${healed}${place}`;
}

/** `berth quarantine list`: what verifications set aside, the oldest first. */
export async function listQuarantine({
  config,
  json,
}: QuarantineOptions & { json?: boolean }): Promise<void> {
  const { index } = await openConfiguredState(config);
  try {
    const entries = await entriesOf(index);
    const lines = entries.length === 0 ? ['The quarantine is empty.'] : entries.map(lineOf);
    process.stdout.write(`${json === true ? JSON.stringify(entries, undefined, 2) : lines.join('\n')}\n`);
  } finally {
    await index.close();
  }
}

/** `berth quarantine discard`: removes the damaged bytes of these digests, or of all that was healed. */
export async function discardQuarantine(
  digests: readonly string[],
  { config, healed }: QuarantineOptions & { healed?: boolean },
): Promise<void> {
  if (digests.length === 0 && healed !== true) throw new Failure('name digests, or write --healed');
  const state = await openConfiguredState(config);
  try {
    const entries = await entriesOf(state.index);
    const unknown = digests.filter((digest) => !entries.some((entry) => entry.digest === digest));
    if (unknown.length > 0) throw new Failure(`not in quarantine: ${unknown.join(', ')}`);
    const wanted = entries.filter(
      ({ digest, healedAtMs }) => digests.includes(digest) || (healed === true && healedAtMs !== undefined),
    );
    await state.index.integrity.discardQuarantined(wanted.map(({ id }) => id));
    await removeDiscarded(state);
    process.stdout.write(`discarded the damaged bytes of ${wanted.length}\n`);
  } finally {
    await state.index.close();
  }
}
