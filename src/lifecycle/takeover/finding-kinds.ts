/** What kinds of things are found in a folder that is taken over, for people. */
export interface FindingKind {
  /** Whether something that clients may ask for is missing because of it; otherwise it is only worth knowing. */
  readonly isProblem: boolean;
  readonly means: string;
  readonly advice: string;
}

const PUSH_AGAIN = 'push the image again; pushing mends it in every repository';
const AGAIN = 'mend that, and run "berth takeover --again"';
const NOTHING = 'nothing has to be done';

/** Every kind of finding, by its name. */
export const FINDING_KINDS = {
  'missing-blob': {
    isProblem: true,
    means: 'a repository links to a blob of which there are no bytes; pulling it fails, as it did before',
    advice: `restore the file from a backup, or ${PUSH_AGAIN}`,
  },
  'damaged-blob': {
    isProblem: true,
    means: 'the bytes of a blob are not those of its digest: cut short, as after a full disk, or changed',
    advice: PUSH_AGAIN,
  },
  'unlinked-blob': {
    isProblem: true,
    means:
      'a manifest names a blob that its repository does not hold; the manifest is served, the blob is not',
    advice: 'push the image again, or delete the manifest',
  },
  'missing-manifest': {
    isProblem: true,
    means: 'a repository links to a manifest of which there are no bytes',
    advice: 'restore the file from a backup and run "berth takeover --again", or push the image again',
  },
  'damaged-manifest': {
    isProblem: true,
    means: 'the bytes of a manifest are not those of its digest; it is not served',
    advice: 'restore the file from a backup and run "berth takeover --again", or push the image again',
  },
  'schema-1': {
    isProblem: true,
    means: 'a manifest in the form of Docker before 2016, which is no longer served',
    advice: 'pull it from registry:2 with an old docker, and push it with a current one',
  },
  'unsupported-manifest': {
    isProblem: true,
    means:
      'a manifest that breaks the specification, or is of a type that is not known here; it is not served',
    advice: 'push the image again with a current client',
  },
  'dangling-tag': {
    isProblem: true,
    means:
      'a tag points to a manifest that its repository does not have; registry:2 lists it and cannot serve it',
    advice: 'push the tag again, or leave it: it is gone here',
  },
  'empty-link': {
    isProblem: true,
    means: 'a link without content, as a crash or a full disk leaves it; what it stood for is not known',
    advice: 'push the image again',
  },
  'bad-link': {
    isProblem: true,
    means: 'the content of a link is no digest',
    advice: 'push the image again',
  },
  unreadable: {
    isProblem: true,
    means: 'permission is denied',
    advice: `run as the user that registry:2 ran as, or change the owner of the files: ${AGAIN}`,
  },
  'symbolic-link': {
    isProblem: true,
    means: 'a symbolic link, which is not followed',
    advice: `put what it leads to in its place: ${AGAIN}`,
  },
  'invalid-name': {
    isProblem: true,
    means: 'a folder whose name no repository or tag can have; clients cannot ask for what is in it',
    advice: 'rename it if it holds images, and run "berth takeover --again"',
  },
  'tag-kept': {
    isProblem: true,
    means: 'a tag was moved both here and in the other registry; the move that was made here counts',
    advice: 'point the tag to the other manifest if that one is meant: both are here',
  },
  'missing-child': {
    isProblem: false,
    means: 'an index lists a manifest that its repository does not have, as copies for one platform make it',
    advice: NOTHING,
  },
  'wrong-size': {
    isProblem: false,
    means: 'a manifest tells another size of a blob than it has; its digest is right',
    advice: NOTHING,
  },
  alias: {
    isProblem: false,
    means: 'a blob that was pushed under another digest than sha256; it is served by its sha256 alone',
    advice: 'push the image again where clients ask for it by the other digest',
  },
  'unfinished-uploads': {
    isProblem: false,
    means: 'uploads that were under way; they cannot be continued here',
    advice: `${NOTHING}; registry:2 removes them after a week`,
  },
  leftover: {
    isProblem: false,
    means: 'a temporary file that a crash left',
    advice: 'it may be removed',
  },
  foreign: {
    isProblem: false,
    means: 'something that no registry puts there; it is left alone',
    advice: NOTHING,
  },
  'pull-through-cache': {
    isProblem: false,
    means:
      'the folder was a cache of another registry; what it holds is served, and nothing is fetched any more',
    advice: 'keep registry:2 for the cache, or push what is needed',
  },
} as const satisfies Record<string, FindingKind>;

export type FindingKindName = keyof typeof FINDING_KINDS;

/** What a kind means, also one that a later version wrote down. */
export function describeFinding(kind: string): FindingKind {
  const known = FINDING_KINDS as Readonly<Record<string, FindingKind>>;
  return (
    (Object.hasOwn(known, kind) ? known[kind] : undefined) ?? {
      isProblem: true,
      means: 'not known to this version',
      advice: 'ask the version that found it',
    }
  );
}
