import { userInfo } from 'node:os';
import { ERRORS, RegistryError } from '../../errors.ts';
import { shown } from '../../http/api/json.ts';
import { causeText, timeText } from '../../lifecycle/explain/words.ts';
import { type DeletedUntil, Undelete } from '../../lifecycle/undelete.ts';
import { SYSTEM_CLOCK } from '../../ports.ts';
import { RepositoryLimits } from '../../registry/repository-limits.ts';
import { openConfiguredState } from '../configuration.ts';
import { Failure } from '../failure.ts';
import { parseImageName } from '../image-name.ts';
import { toldIndex } from '../notifications.ts';
import { COMMAND } from '../passwords.ts';
import { say } from '../say.ts';

/** What the commands on deleted images have in common. */
export interface DeletedOptions {
  /** The registry's config.yml, where it has one: it says where the data are. */
  readonly config?: string;
  readonly json?: boolean;
}

async function withUndelete<T>(
  options: DeletedOptions,
  actor: string,
  action: (undelete: Undelete, keepDeletedMs: number) => Promise<T>,
): Promise<T> {
  const state = await openConfiguredState(options.config);
  try {
    const { config } = state;
    const { keepDeletedMs } = config.storage;
    const index = toldIndex(config, { index: state.index, actor });
    const limits = new RepositoryLimits({ rules: config.repositories, index });
    const undelete = new Undelete({ index, clock: SYSTEM_CLOCK, keepDeletedMs, limits });
    return await action(undelete, keepDeletedMs);
  } finally {
    await state.index.close();
  }
}

function line(entry: DeletedUntil): string {
  const { repository, tag, digest, movedTo, deletedAtMs, keptUntilMs, cause } = entry;
  const what = tag === undefined ? `${repository}@${digest}` : `${repository}:${tag} -> ${digest}`;
  const instead = movedTo === undefined ? '' : `, to ${movedTo}`;
  return `${timeText(deletedAtMs)}  ${what}  ${causeText(cause)}${instead}; kept until ${timeText(keptUntilMs)}`;
}

/**
 * `berth deleted [repository]`
 * @throws ConfigError, Failure
 */
export async function listDeleted(repository: string | undefined, options: DeletedOptions): Promise<void> {
  const name = repository === undefined ? undefined : parseImageName(repository).repository;
  await withUndelete(options, localUser(), async (undelete, keepDeletedMs) => {
    if (keepDeletedMs === 0) throw new Failure('nothing is kept: storage.maintenance.keepdeleted is 0');
    let count = 0;
    for await (const entry of undelete.all(name)) {
      count += 1;
      say(options.json === true ? JSON.stringify(shown(entry)) : line(entry));
    }
    if (count === 0 && options.json !== true) say('nothing that was deleted is kept');
  });
}

/**
 * `berth undelete <repository>[:tag|@digest]`
 * @throws ConfigError, Failure
 */
export async function undelete(
  image: string,
  options: DeletedOptions & { move?: boolean; tags?: boolean },
): Promise<void> {
  const { repository, wanted } = parseImageName(image);
  const actor = localUser();
  await withUndelete(options, actor, async (trash) => {
    const restored = await (wanted === undefined
      ? trash.restoreAll(repository, actor)
      : trash.restore({
          ...{ repository, wanted, actor },
          ...{ moveTags: options.move === true, withTags: options.tags !== false },
        })
    ).catch((error: unknown) => {
      throw explained(error);
    });
    if (options.json === true) return say(JSON.stringify(shown(restored)));
    for (const digest of restored.manifests) say(`${repository}@${digest} is back`);
    for (const tag of restored.tags) say(`${repository}:${tag} is back`);
    if (restored.manifests.length + restored.tags.length === 0) {
      throw new Failure(`nothing of ${repository} was deleted and is still kept`);
    }
    for (const digest of restored.missing) {
      say(`missing: ${digest}, which was deleted by itself or is no longer kept; push it again`);
    }
  });
}

/** Whoever runs the command; empty where the system knows no name for the user, as in a container. */
function localUser(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}

function explained(error: unknown): unknown {
  if (!(error instanceof RegistryError)) return error;
  return new Failure(`${error.message}\n${adviceFor(error)}`, { cause: error });
}

function adviceFor({ entry }: RegistryError): string {
  if (entry === ERRORS.TAG_IN_USE) return '--move moves it, --no-tags leaves it';
  if (entry === ERRORS.TAG_IMMUTABLE)
    return 'name the digest, with --no-tags, to bring back the manifest alone';
  return `${COMMAND} deleted shows what is kept`;
}
