import { shown } from '../../http/api/json.ts';
import { Explain } from '../../lifecycle/explain/explain.ts';
import type { Explanation } from '../../lifecycle/explain/explanation.ts';
import { explanationLines } from '../../lifecycle/explain/words.ts';
import { parseDigest } from '../../oci/digest.ts';
import { InvalidValueError } from '../../oci/invalid.ts';
import { SYSTEM_CLOCK } from '../../ports.ts';
import { openConfiguredState } from '../configuration.ts';
import { Failure } from '../failure.ts';
import { parseImageName } from '../image-name.ts';

/** What the commands that explain have in common. */
export interface ExplainOptions {
  /** The registry's config.yml, where it has one: it says where the data are. */
  readonly config?: string;
  readonly json?: boolean;
}

async function told(options: ExplainOptions, ask: (explain: Explain) => Promise<Explanation>): Promise<void> {
  const state = await openConfiguredState(options.config);
  try {
    const { keepDeletedMs, garbageCollect } = state.config.storage;
    const clock = SYSTEM_CLOCK;
    const { graceMs } = garbageCollect;
    const explanation = await ask(new Explain({ index: state.index, clock, keepDeletedMs, graceMs }));
    const lines =
      options.json === true ? [JSON.stringify(shown(explanation))] : explanationLines(explanation);
    process.stdout.write(`${lines.join('\n')}\n`);
  } finally {
    await state.index.close();
  }
}

/**
 * `berth explain blob <digest>`
 * @throws ConfigError, Failure
 */
export async function explainBlob(
  text: string,
  options: ExplainOptions & { repository?: string },
): Promise<void> {
  const repository =
    options.repository === undefined ? undefined : parseImageName(options.repository).repository;
  const digest = digestOfText(text);
  await told(options, (explain) => explain.blob(digest, repository));
}

/** @throws Failure */
function digestOfText(text: string) {
  try {
    return parseDigest(text);
  } catch (error) {
    if (!(error instanceof InvalidValueError)) throw error;
    throw new Failure(`${error.message}; write sha256: and 64 digits`, { cause: error });
  }
}

/**
 * `berth explain manifest <repository>@<digest>`
 * @throws ConfigError, Failure
 */
export async function explainManifest(text: string, options: ExplainOptions): Promise<void> {
  const { repository, wanted } = parseImageName(text);
  if (wanted === undefined || 'tag' in wanted) {
    throw new Failure(`${text} names no manifest; write ${repository}@sha256:…, or ask for the tag`);
  }
  await told(options, (explain) => explain.manifest(repository, wanted.digest));
}

/**
 * `berth explain tag <repository>:<tag>`
 * @throws ConfigError, Failure
 */
export async function explainTag(text: string, options: ExplainOptions): Promise<void> {
  const { repository, wanted } = parseImageName(text);
  if (wanted === undefined || 'digest' in wanted) {
    throw new Failure(`${text} names no tag; write ${repository}:latest, or ask for the manifest`);
  }
  await told(options, (explain) => explain.tag(repository, wanted.tag));
}
