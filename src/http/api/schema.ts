/** The part of JSON Schema that the OpenAPI document uses. */
export type Schema =
  | {
      readonly type: 'string';
      readonly format?: string;
      readonly enum?: readonly string[];
      readonly description?: string;
    }
  | { readonly type: 'integer' | 'boolean'; readonly description?: string }
  | { readonly type: 'array'; readonly items: Schema; readonly description?: string }
  | {
      readonly type: 'object';
      readonly properties: Readonly<Record<string, Schema>>;
      readonly required: readonly string[];
      readonly additionalProperties: false;
      readonly description?: string;
    };

export const text = (description?: string): Schema => ({
  type: 'string',
  ...(description && { description }),
});
export const oneOf = (...values: readonly string[]): Schema => ({ type: 'string', enum: values });
export const time: Schema = { type: 'string', format: 'date-time' };
export const integer = (description?: string): Schema => ({
  type: 'integer',
  ...(description && { description }),
});
export const flag = (description: string): Schema => ({ type: 'boolean', description });
export const list = (items: Schema): Schema => ({ type: 'array', items });

/** An object; names that end with a question mark may be missing. */
export function object(properties: Readonly<Record<string, Schema>>): Schema {
  const names = Object.keys(properties);
  return {
    type: 'object',
    properties: Object.fromEntries(
      names.map((name) => [name.replace(/\?$/, ''), properties[name] as Schema]),
    ),
    required: names.filter((name) => !name.endsWith('?')),
    additionalProperties: false,
  };
}

const cause = object({
  kind: oneOf('api', 'push', 'collection', 'retention', 'expiry'),
  actor: text('Empty where nobody logged in, or nobody asked.'),
  rule: text('The rule by which it went.'),
});

/** What was deleted and can be brought back. */
export const deletedEntry = object({
  repository: text(),
  'tag?': text('Missing for a manifest.'),
  digest: text(),
  mediaType: text(),
  sizeBytes: integer('Of the manifest alone.'),
  'movedTo?': text('What the tag points to instead, where it was moved.'),
  deletedAt: time,
  keptUntil: time,
  cause,
});

/** A removal. */
export const removal = object({
  id: integer(),
  at: time,
  kind: oneOf('manifest', 'tag', 'link', 'blob', 'kept', 'upload'),
  'repository?': text(),
  'name?': text('The tag, or the id of the upload.'),
  'digest?': text(),
  'sizeBytes?': integer(),
  cause,
});

/** A login that a client keeps. */
export const login = object({
  id: text('No secret.'),
  account: text(),
  provider: text('Which of the configured sources knows the account.'),
  service: text(),
  clientId: text('The program that logged in, as it calls itself.'),
  createdAt: time,
  usedAt: time,
  expiresAt: time,
});

const fate = oneOf('kept', 'untagged', 'young', 'garbage', 'deleted', 'removed', 'unknown');

/** Why something is here, or is not. */
export const explanation = object({
  kind: oneOf('blob', 'manifest', 'tag'),
  name: text(),
  fate,
  'digest?': text('Of a tag: what it points to, or pointed to last.'),
  'sizeBytes?': integer(),
  places: list(
    object({
      repository: text(),
      fate,
      chains: list(
        object({
          'tag?': text(),
          steps: list(object({ manifest: text(), by: oneOf('names', 'subject') })),
        }),
      ),
      'youngUntil?': time,
      'keptUntil?': time,
      neededByDeleted: list(text()),
    }),
  ),
  removals: list(removal),
});

/** What came back. */
export const restored = object({
  digest: text(),
  manifests: list(text('Those that were deleted.')),
  tags: list(text()),
  missing: list(text('Blobs and manifests that these name and that are no longer there.')),
});

/** What a collection did, or would do. */
export const collected = object({
  repositories: integer(),
  manifests: integer(),
  purged: integer('Deleted manifests whose keep time is over.'),
  links: integer('Blobs that were taken out of a repository.'),
  blobs: integer(),
  freedBytes: integer(),
  keptBlobs: integer(),
});

/** What a repository holds. */
export const repositoryUse = object({
  repository: text(),
  bytes: integer('Of its blobs and manifests, each counted once.'),
  tags: integer(),
  'maxBytes?': integer('Missing where it is not limited.'),
  'maxTags?': integer('Missing where it is not limited.'),
  'quota?': text('Where in the configuration the quota stands.'),
  'allowance?': text('The patterns of the repositories that share the quota.'),
  'together?': object({ bytes: integer('What all of those hold.'), tags: integer() }),
});

const pulls = { pulls: integer(), 'lastAt?': time };

/** How often a tag was pulled. */
export const tagPulls = object({ tag: text(), digest: text('What it points to.'), ...pulls });

/** How often a manifest was pulled, by its digest or a tag. */
export const manifestPulls = object({ digest: text(), mediaType: text(), ...pulls });

/** What is known of runs of retention. */
export const retentionState = object({
  isRunning: flag('Whether one is under way.'),
  'startedAt?': time,
  'last?': object({
    finishedAt: time,
    repositories: integer('Those for which there are rules.'),
    tags: integer('Those that were removed.'),
    manifests: integer('Those that were removed.'),
  }),
});

/** What rules of retention would do. */
export const forecast = object({
  'entry?': text('The patterns of the entry that decides; missing where none does.'),
  keptTags: integer(),
  removedTags: integer(),
  removedManifests: integer(),
  missedTags: integer('Of an earlier time: tags that would have gone, and that somebody pulled afterwards.'),
  freedBytes: integer('By the collection after that, once what was removed can no longer be brought back.'),
  tags: list(
    object({
      tag: text(),
      digest: text(),
      isKept: flag('Whether it stays.'),
      rule: text('The key of the rule that decided.'),
      reason: text(),
      movedAt: time,
      pushedAt: time,
      'pulledAt?': time,
      'askedAt?': time,
      'pulledSinceAt?': time,
      manifests: integer('Those that would go with it.'),
      freedBytes: integer('What several tags need is counted for the last of them.'),
    }),
  ),
});

/** What is known of collections. */
export const collectionState = object({
  isRunning: flag('Whether one is under way.'),
  'startedAt?': time,
  'last?': object({
    startedAt: time,
    finishedAt: time,
    wishes: object({
      graceSeconds: integer(),
      keepDeletedSeconds: integer(),
      untagged: flag('Manifests too that nothing keeps.'),
      originals: flag('Files of registry:2 too.'),
    }),
    'actor?': text('Missing for the schedule.'),
    'collected?': collected,
    'error?': text('Why it did not come to its end.'),
  }),
});

/** `AccessExplanation`, as it is shown. */
export const accessExplanation = object({
  account: text(),
  state: oneOf('known', 'unknown', 'disabled', 'expired', 'untold'),
  isAdmin: flag('It may do everything in the admin API.'),
  isRobot: flag('It has nothing of its own.'),
  labels: list(object({ label: text(), values: list(text()) })),
  groups: list(text()),
  wanted: object({ type: text(), name: text(), actions: list(text()) }),
  service: text(),
  'address?': text(),
  sources: list(object({ provider: text(), answer: text() })),
  rules: list(
    object({
      authorizer: text(),
      outcome: oneOf('decides', 'leaves-it', 'fails', 'not-asked'),
      tried: list(
        object({ rule: text(), matches: flag('Whether all of its conditions hold.'), why: text() }),
      ),
      'reason?': text(),
    }),
  ),
  'limits?': list(text()),
  granted: list(text()),
  refused: list(object({ action: text(), why: text() })),
});
