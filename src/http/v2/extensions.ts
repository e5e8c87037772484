import { json, type Reply } from '../message.ts';

const SPECIFICATION = 'https://github.com/opencontainers/distribution-spec';

/** Extensions of the registry as a whole; those of repositories are below `/v2/<name>/`. */
const OF_REGISTRY = [
  {
    name: '_oci',
    url: `${SPECIFICATION}/blob/main/extensions/_oci.md`,
    description: 'Tells which extensions there are.',
    endpoints: ['/v2/_oci/ext/discover'],
  },
  {
    name: '_catalog',
    url: 'https://distribution.github.io/distribution/spec/api/#catalog',
    description: 'Lists the repositories.',
    endpoints: ['/v2/_catalog'],
  },
];

const OF_REPOSITORY = [
  {
    name: '_oci',
    url: `${SPECIFICATION}/pull/606`,
    description: 'Tells which extensions there are, and what happened to a tag.',
    endpoints: ['/v2/<name>/_oci/ext/discover', '/v2/<name>/_oci/tag-history/<tag>'],
  },
];

function found(extensions: typeof OF_REGISTRY): Reply {
  return json(200, { extensions }, { 'Content-Type': 'application/json' });
}

/** `GET /v2/_oci/ext/discover` (distribution-spec, extensions/_oci.md). */
export async function discoverExtensions(): Promise<Reply> {
  return found(OF_REGISTRY);
}

/** `GET /v2/<name>/_oci/ext/discover`; says nothing about whether the repository exists. */
export async function discoverRepositoryExtensions(): Promise<Reply> {
  return found(OF_REPOSITORY);
}
