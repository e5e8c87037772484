import { ACCOUNT_ROUTES } from './account-routes.ts';
import { listDeleted, restoreDeleted } from './deleted.ts';
import { explainBlob, explainManifest, explainTag, listRemovals } from './explain.ts';
import { explainAccess } from './explain-access.ts';
import { collectionState, startCollection } from './garbage.ts';
import { listLogins, revokeLogins } from './logins.ts';
import { retentionState, startRetention } from './retention.ts';
import type { ApiRoute, Parameter } from './route.ts';
import * as schema from './schema.ts';
import { listManifestPulls, listTagPulls, listUsage } from './statistics.ts';

const { text, object, list, integer, flag } = schema;

const REPOSITORY = { name: 'repository', description: 'The name of a repository.' };
const DIGEST = { name: 'digest', description: 'A digest, such as sha256:….' };
const COUNT = {
  name: 'n',
  description: 'So many entries at the most: 100, and never more than 1000.',
  isNumber: true,
};
const AFTER = { name: 'after', description: 'What the answer before gave as `next`.' };
const needed = (parameter: Parameter): Parameter => ({ ...parameter, isRequired: true });

/** The routes of the admin API; the OpenAPI document is made from them. */
export const API_ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: 'deleted',
    summary: 'What was deleted, or what tags pointed to, and can be brought back; the latest first.',
    parameters: [REPOSITORY, COUNT, AFTER],
    answers: {
      200: {
        description: 'A page. Without `next` it is the last one.',
        schema: object({ deleted: list(schema.deletedEntry), 'next?': text() }),
      },
    },
    refusals: [],
    handle: listDeleted,
  },
  {
    method: 'POST',
    path: 'undelete',
    summary: 'Brings back where a tag pointed, or a manifest with the tags that went with it.',
    parameters: [],
    body: object({
      repository: text(),
      'tag?': text('Either this or a digest.'),
      'digest?': text('Either this or a tag.'),
      'moveTags?': flag('Move tags that point elsewhere by now; without it they are a reason to refuse.'),
      'withTags?': flag('Of a digest: bring back its tags, too; true if not given.'),
    }),
    answers: { 200: { description: 'It is back.', schema: schema.restored } },
    refusals: ['NOT_KEPT', 'TAG_IN_USE', 'TAG_IMMUTABLE'],
    handle: restoreDeleted,
  },
  {
    method: 'GET',
    path: 'explain/access',
    summary: 'What an account may do, with every rule that is tried. Sources of rules outside are asked.',
    parameters: [
      { name: 'account', description: 'Empty for whoever does not log in.', isRequired: true },
      needed({ ...REPOSITORY, description: 'The name of a repository, or of another thing.' }),
      { name: 'action', description: 'What is wanted, such as pull,push.', isRequired: true },
      { name: 'type', description: '`repository` if not given.' },
      { name: 'service', description: 'The registry that asks; `berth` if not given.' },
      { name: 'address', description: 'The address of the client.' },
      { name: 'token', description: 'The name or the id of an access token of the account.' },
      { name: 'group', description: 'As if the account were in it; may be given several times.' },
      { name: 'label', description: 'As if the account had it, `name=value`; may be given several times.' },
    ],
    answers: { 200: { description: 'How it is decided.', schema: schema.accessExplanation } },
    refusals: [],
    handle: explainAccess,
  },
  {
    method: 'GET',
    path: 'explain/blob',
    summary: 'Why a blob is here, or is not.',
    parameters: [needed(DIGEST), { ...REPOSITORY, description: 'Only there.' }],
    answers: { 200: { description: 'Why.', schema: schema.explanation } },
    refusals: [],
    handle: explainBlob,
  },
  {
    method: 'GET',
    path: 'explain/manifest',
    summary: 'Why a manifest is here, or is not.',
    parameters: [needed(REPOSITORY), needed(DIGEST)],
    answers: { 200: { description: 'Why.', schema: schema.explanation } },
    refusals: [],
    handle: explainManifest,
  },
  {
    method: 'GET',
    path: 'explain/tag',
    summary: 'What a tag points to, or what became of it.',
    parameters: [needed(REPOSITORY), { name: 'tag', description: 'The tag.', isRequired: true }],
    answers: { 200: { description: 'Why.', schema: schema.explanation } },
    refusals: [],
    handle: explainTag,
  },
  {
    method: 'GET',
    path: 'journal',
    summary: 'What was removed, when and why; the latest first.',
    parameters: [
      REPOSITORY,
      DIGEST,
      { name: 'tag', description: 'Only removals of this tag; goes with a repository.' },
      COUNT,
      { name: 'before', description: 'What the answer before gave as `next`.', isNumber: true },
    ],
    answers: {
      200: {
        description: 'A page. Without `next` it is the last one.',
        schema: object({ removals: list(schema.removal), 'next?': integer() }),
      },
    },
    refusals: [],
    handle: listRemovals,
  },
  {
    method: 'GET',
    path: 'garbage-collection',
    summary: 'Whether garbage is collected now, and what the last collection did.',
    parameters: [],
    answers: { 200: { description: 'Of all processes on these data.', schema: schema.collectionState } },
    refusals: [],
    handle: collectionState,
  },
  {
    method: 'POST',
    path: 'garbage-collection',
    summary: 'Collects garbage; what is not given is as in the configuration.',
    parameters: [],
    body: object({
      'dryRun?': flag('Change nothing, and answer what would be removed.'),
      'untagged?': flag('Manifests too that nothing keeps.'),
      'originals?': flag('Files of registry:2 too.'),
      'graceSeconds?': integer('What came within this time is kept.'),
      'keepDeletedSeconds?': integer('How long ago something must have been deleted to be removed for good.'),
    }),
    answers: {
      200: { description: 'Of a dry run.', schema: object({ collected: schema.collected }) },
      202: { description: 'It has begun, and goes on after the answer.', schema: schema.collectionState },
    },
    refusals: ['COLLECTION_BUSY'],
    handle: startCollection,
  },
  {
    method: 'GET',
    path: 'logins',
    summary: 'The logins that clients keep as a refresh token, the latest used first.',
    parameters: [
      { name: 'account', description: 'Only those to this account.' },
      COUNT,
      { name: 'after', description: 'What the answer before gave as `next`.' },
    ],
    answers: {
      200: {
        description: 'A page. Without `next` it is the last one.',
        schema: object({ logins: list(schema.login), 'next?': text() }),
      },
    },
    refusals: [],
    handle: listLogins,
  },
  {
    method: 'POST',
    path: 'logins/revoke',
    summary: 'Ends logins, and voids the tokens that they brought.',
    parameters: [],
    body: object({
      'id?': text('One login; either this or an account.'),
      'account?': text('All logins to an account.'),
    }),
    answers: { 200: { description: 'So many went on until now.', schema: object({ ended: integer() }) } },
    refusals: [],
    handle: revokeLogins,
  },
  {
    method: 'GET',
    path: 'usage',
    summary: 'What repositories hold, and their quotas, in ASCII order.',
    parameters: [{ ...REPOSITORY, description: 'Only this one.' }, COUNT, AFTER],
    answers: {
      200: {
        description: 'A page. Without `next` it is the last one.',
        schema: object({ repositories: list(schema.repositoryUse), 'next?': text() }),
      },
    },
    refusals: [],
    handle: listUsage,
  },
  {
    method: 'GET',
    path: 'pulls/tags',
    summary: 'How often the tags of a repository were pulled, and when last.',
    parameters: [needed(REPOSITORY), COUNT, AFTER],
    answers: {
      200: {
        description: 'A page. Without `next` it is the last one.',
        schema: object({ countedSince: schema.time, tags: list(schema.tagPulls), 'next?': text() }),
      },
    },
    refusals: ['NAME_UNKNOWN'],
    handle: listTagPulls,
  },
  {
    method: 'GET',
    path: 'pulls/manifests',
    summary: 'How often the manifests of a repository were pulled, and when last.',
    parameters: [needed(REPOSITORY), COUNT, AFTER],
    answers: {
      200: {
        description: 'A page. Without `next` it is the last one.',
        schema: object({ countedSince: schema.time, manifests: list(schema.manifestPulls), 'next?': text() }),
      },
    },
    refusals: ['NAME_UNKNOWN'],
    handle: listManifestPulls,
  },
  {
    method: 'GET',
    path: 'retention',
    summary: 'Whether tags are removed by rules now, and what the last run did.',
    parameters: [],
    answers: { 200: { description: 'Of all processes on these data.', schema: schema.retentionState } },
    refusals: [],
    handle: retentionState,
  },
  {
    method: 'POST',
    path: 'retention',
    summary: 'Removes the tags that no rule keeps, or says which ones that would be.',
    parameters: [],
    body: object({
      'dryRun?': flag('Change nothing, and answer what would become of the tags of a repository.'),
      'repository?': text('Of a dry run, which needs it.'),
      'at?': text('Of a dry run: a date and time that is over or yet to come; now, if not given.'),
      'graceSeconds?': integer('What was pushed within this time stays; an hour if not given.'),
    }),
    answers: {
      200: { description: 'Of a dry run.', schema: schema.forecast },
      202: { description: 'It has begun, and goes on after the answer.', schema: schema.retentionState },
    },
    refusals: ['RETENTION_BUSY'],
    handle: startRetention,
  },
  ...ACCOUNT_ROUTES,
];
