import type { Index } from '../../index/index.ts';
import type { JournalFilter, RemovalRecord } from '../../index/journal.ts';
import type { Digest } from '../../oci/digest.ts';
import type { RepositoryName, Tag } from '../../oci/reference.ts';
import type { Clock } from '../../ports.ts';
import { climb } from './chains.ts';
import type { Explanation, Fate, Place } from './explanation.ts';

const MAX_PLACES = 20;
const MAX_REMOVALS = 20;
const MAX_DELETED = 5;

/** The order in which a place counts for the whole. */
const FATES: readonly Fate[] = ['kept', 'untagged', 'young', 'deleted', 'garbage', 'removed', 'unknown'];

/** Says why something is kept, was removed, is kept as deleted, or is missing. */
export class Explain {
  readonly #index: Index;
  readonly #clock: Clock;
  readonly #keepMs: number;
  readonly #graceMs: number;

  /** @param deps.graceMs of the collections that are to be expected */
  constructor(deps: { index: Index; clock: Clock; keepDeletedMs: number; graceMs: number }) {
    this.#index = deps.index;
    this.#clock = deps.clock;
    this.#keepMs = deps.keepDeletedMs;
    this.#graceMs = deps.graceMs;
  }

  /** @param repository only there; undefined: wherever it is */
  async blob(digest: Digest, repository: RepositoryName | undefined): Promise<Explanation> {
    const { provenance } = this.#index;
    const links = await (repository === undefined
      ? provenance.links(digest, MAX_PLACES)
      : provenance.link(repository, digest).then((link) => (link === undefined ? [] : [link])));
    const places: Place[] = [];
    for (const link of links) places.push(await this.#blobIn(link.repository, digest, link.youngSinceMs));
    const removals = await this.#removals({ digest, repository }, ['link', 'blob']);
    return {
      ...{ kind: 'blob', name: digest, digest: undefined, places, removals },
      fate: fateOf(places, removals),
      sizeBytes: places.length === 0 ? undefined : await provenance.blobBytes(digest),
    };
  }

  async manifest(repository: RepositoryName, digest: Digest): Promise<Explanation> {
    const { provenance, trash } = this.#index;
    const here = await provenance.manifest(repository, digest);
    const deleted = here === undefined ? await trash.find(repository, digest) : undefined;
    const places: Place[] = [];
    if (here !== undefined) {
      const { chains, isTagged, youngSinceMs } = await climb(this.#index, repository, digest);
      const youngUntilMs = this.#future(youngSinceMs + this.#graceMs);
      const keptUntilMs = here.untaggedAtMs && this.#future(here.untaggedAtMs + this.#keepMs);
      const place = { repository, chains, youngUntilMs, keptUntilMs, neededByDeleted: [] };
      places.push({ ...place, fate: isTagged ? 'kept' : 'untagged' });
    } else if (deleted !== undefined) {
      const keptUntilMs = deleted.deletedAtMs + this.#keepMs;
      const isKept = keptUntilMs >= this.#clock.now() && this.#keepMs > 0;
      places.push({
        ...{ repository, chains: [], youngUntilMs: undefined, keptUntilMs, neededByDeleted: [] },
        fate: isKept ? 'deleted' : 'garbage',
      });
    }
    const removals = await this.#removals({ digest, repository }, ['manifest', 'kept']);
    return {
      ...{ kind: 'manifest', name: `${repository}@${digest}`, digest: undefined, places, removals },
      fate: fateOf(places, removals),
      sizeBytes: here?.sizeBytes ?? deleted?.sizeBytes,
    };
  }

  async tag(repository: RepositoryName, tag: Tag): Promise<Explanation> {
    const current = await this.#index.manifests.findByTag(repository, tag);
    const removals = await this.#removals({ repository, tag }, ['tag']);
    const common = { kind: 'tag', name: `${repository}:${tag}`, removals } as const;
    if (current !== undefined) {
      const { digest, sizeBytes } = current;
      const place = { chains: [], youngUntilMs: undefined, keptUntilMs: undefined, neededByDeleted: [] };
      return { ...common, digest, sizeBytes, places: [{ repository, fate: 'kept', ...place }], fate: 'kept' };
    }
    const lost = removals[0];
    const digest = lost?.digest;
    const isThere =
      digest !== undefined &&
      ((await this.#index.provenance.manifest(repository, digest)) !== undefined ||
        (await this.#index.trash.find(repository, digest)) !== undefined);
    const keptUntilMs = lost && this.#future(lost.atMs + this.#keepMs);
    const places: Place[] =
      isThere && keptUntilMs !== undefined
        ? [
            {
              repository,
              fate: 'deleted',
              chains: [],
              youngUntilMs: undefined,
              keptUntilMs,
              neededByDeleted: [],
            },
          ]
        : [];
    return { ...common, digest, sizeBytes: undefined, places, fate: fateOf(places, removals) };
  }

  async #blobIn(repository: RepositoryName, digest: Digest, linkedAtMs: number): Promise<Place> {
    const { chains, isTagged, isNamed } = await climb(this.#index, repository, digest);
    const deleted = (await this.#index.provenance.namedByDeleted(repository, digest, MAX_DELETED)).filter(
      ({ deletedAtMs }) => this.#future(deletedAtMs + this.#keepMs) !== undefined,
    );
    const [latest] = deleted;
    const youngUntilMs = this.#future(linkedAtMs + this.#graceMs);
    let fate: Fate = 'garbage';
    if (isTagged) fate = 'kept';
    else if (isNamed) fate = 'untagged';
    else if (latest !== undefined) fate = 'deleted';
    else if (youngUntilMs !== undefined) fate = 'young';
    return {
      ...{ repository, fate, chains, youngUntilMs },
      keptUntilMs: latest && latest.deletedAtMs + this.#keepMs,
      neededByDeleted: deleted.map((manifest) => manifest.digest),
    };
  }

  async #removals(
    filter: JournalFilter,
    kinds: readonly RemovalRecord['kind'][],
  ): Promise<readonly RemovalRecord[]> {
    const found = await this.#index.journal.list(filter, { before: undefined, limit: MAX_REMOVALS });
    return found.filter(({ kind }) => kinds.includes(kind));
  }

  #future(atMs: number): number | undefined {
    return atMs > this.#clock.now() ? atMs : undefined;
  }
}

function fateOf(places: readonly Place[], removals: readonly RemovalRecord[]): Fate {
  const found = new Set(places.map(({ fate }) => fate));
  return FATES.find((fate) => found.has(fate)) ?? (removals.length > 0 ? 'removed' : 'unknown');
}
