import { parseRepositoryName, type RepositoryName } from '../../oci/reference.ts';
import type { Access } from '../../oci/scope.ts';
import { type HttpRequest, json, type Reply } from '../message.ts';
import { deleteBlob, getBlob, headBlob } from './blobs.ts';
import type { RepositoryContext, V2Context } from './context.ts';
import { discoverExtensions, discoverRepositoryExtensions } from './extensions.ts';
import { listReferrers, listRepositories, listTags } from './lists.ts';
import { deleteManifest, getManifest, headManifest, putManifest } from './manifests.ts';
import { listTagHistory } from './tag-history.ts';
import { deleteUpload, getUpload, patchUpload, putUpload, startUpload } from './uploads.ts';

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What a method needs and does. */
interface Action<Context> {
  readonly handle: (context: Context) => Promise<Reply>;
  /** What the caller must be allowed, on the repository of the path. */
  readonly needs: readonly string[];
}

type Actions<Context> = Readonly<Partial<Record<Method, Action<Context>>>>;

/** A row of the table of routes below a repository. */
interface RepositoryRoute {
  /** For metrics and logs. */
  readonly name: string;
  /** The path after the repository's name; `*` takes any one part. */
  readonly tail: readonly string[];
  readonly actions: Actions<RepositoryContext>;
}

const PULL = ['pull'];
const PUSH = ['pull', 'push'];
const DELETE = ['delete'];

/**
 * The routes below a repository, matched from the end of the path since a repository's name contains slashes. The
 * first that fits is taken: `uploads` comes before `blob`, which would take it for a digest.
 */
const REPOSITORY_ROUTES: readonly RepositoryRoute[] = [
  {
    name: 'uploads',
    tail: ['blobs', 'uploads', ''],
    actions: { POST: { handle: startUpload, needs: PUSH } },
  },
  { name: 'uploads', tail: ['blobs', 'uploads'], actions: { POST: { handle: startUpload, needs: PUSH } } },
  {
    name: 'upload',
    tail: ['blobs', 'uploads', '*'],
    actions: {
      GET: { handle: getUpload, needs: PULL },
      HEAD: { handle: getUpload, needs: PULL },
      PATCH: { handle: patchUpload, needs: PUSH },
      PUT: { handle: putUpload, needs: PUSH },
      DELETE: { handle: deleteUpload, needs: PUSH },
    },
  },
  {
    name: 'blob',
    tail: ['blobs', '*'],
    actions: {
      GET: { handle: getBlob, needs: PULL },
      HEAD: { handle: headBlob, needs: PULL },
      DELETE: { handle: deleteBlob, needs: DELETE },
    },
  },
  {
    name: 'manifest',
    tail: ['manifests', '*'],
    actions: {
      GET: { handle: getManifest, needs: PULL },
      HEAD: { handle: headManifest, needs: PULL },
      PUT: { handle: putManifest, needs: PUSH },
      DELETE: { handle: deleteManifest, needs: DELETE },
    },
  },
  { name: 'tags', tail: ['tags', 'list'], actions: { GET: { handle: listTags, needs: PULL } } },
  { name: 'referrers', tail: ['referrers', '*'], actions: { GET: { handle: listReferrers, needs: PULL } } },
  {
    name: 'tag-history',
    tail: ['_oci', 'tag-history', '*'],
    actions: { GET: { handle: listTagHistory, needs: PULL } },
  },
  {
    name: 'repository-extensions',
    tail: ['_oci', 'ext', 'discover'],
    actions: { GET: { handle: discoverRepositoryExtensions, needs: PULL } },
  },
];

const PING: Actions<V2Context> = {
  GET: { handle: async () => json(200, {}), needs: [] },
  HEAD: { handle: async () => json(200, {}), needs: [] },
};

const CATALOG: Actions<V2Context> = { GET: { handle: listRepositories, needs: ['*'] } };

const EXTENSIONS: Actions<V2Context> = { GET: { handle: discoverExtensions, needs: [] } };

/** A path that is a route's, with everything in it parsed. */
export interface RouteMatch {
  readonly name: string;
  /** What the path names; undefined where the route is about no repository. */
  readonly subject: { readonly repository: RepositoryName; readonly target: string } | undefined;
  /** The methods that there are, for the answer to one that there is not. */
  readonly methods: readonly string[];
  /** What the caller must be allowed, and what to do then; undefined for a method that there is not. */
  readonly action:
    | { readonly required: readonly Access[]; handle(context: V2Context): Promise<Reply> }
    | undefined;
}

function fits(tail: readonly string[], parts: readonly string[]): boolean {
  const start = parts.length - tail.length;
  return start >= 1 && tail.every((part, position) => part === '*' || part === parts[start + position]);
}

function actionOf<Context>(actions: Actions<Context>, method: string): Action<Context> | undefined {
  return Object.hasOwn(actions, method) ? actions[method as Method] : undefined;
}

/**
 * Finds the route of a path below `/v2/`.
 * @returns undefined where there is none
 * @throws InvalidValueError kind `repository` where the path has the shape of a route but names no repository
 */
export function matchRoute(request: HttpRequest): RouteMatch | undefined {
  const path = request.path.slice('/v2/'.length);
  if (path === '') return plain('ping', PING, request.method, []);
  if (path === '_catalog') {
    return plain('catalog', CATALOG, request.method, [{ type: 'registry', name: 'catalog', actions: ['*'] }]);
  }
  if (path === '_oci/ext/discover') return plain('extensions', EXTENSIONS, request.method, []);
  const parts = path.split('/');
  const route = REPOSITORY_ROUTES.find(({ tail }) => fits(tail, parts));
  if (route === undefined) return undefined;
  const repository = parseRepositoryName(parts.slice(0, -route.tail.length).join('/'));
  const target = route.tail.includes('*') ? (parts.at(-1) ?? '') : '';
  const action = actionOf(route.actions, request.method);
  return {
    name: route.name,
    subject: { repository, target },
    methods: Object.keys(route.actions),
    action: action && {
      required: requiredFor(request, repository, action.needs),
      handle: (context) => action.handle({ ...context, repository, target }),
    },
  };
}

function plain(
  name: string,
  actions: Actions<V2Context>,
  method: string,
  required: readonly Access[],
): RouteMatch {
  const action = actionOf(actions, method);
  return {
    name,
    subject: undefined,
    methods: Object.keys(actions),
    action: action && { required, handle: action.handle },
  };
}

/** A mount reads from another repository, and so needs to be allowed to pull there as well. */
function requiredFor(
  request: HttpRequest,
  repository: RepositoryName,
  needs: readonly string[],
): readonly Access[] {
  const own: Access = { type: 'repository', name: repository, actions: needs };
  const from = request.method === 'POST' && request.query.has('mount') ? request.query.get('from') : null;
  // Without a source, the handler looks only where the caller may pull.
  if (from === null || from === repository) return [own];
  return [own, { type: 'repository', name: parseRepositoryName(from), actions: PULL }];
}

/** The table of routes, for the reference documentation. */
export function describeRoutes(): { path: string; method: string; needs: string }[] {
  const rows = (path: string, actions: Actions<never>, resource: string) =>
    Object.entries(actions).map(([method, { needs }]) => ({
      path,
      method,
      needs: needs.length === 0 ? 'any token' : `\`${resource}:${needs.join(',')}\``,
    }));
  return [
    ...rows('/v2/', PING, ''),
    ...rows('/v2/_catalog', CATALOG, 'registry:catalog'),
    ...rows('/v2/_oci/ext/discover', EXTENSIONS, ''),
    ...REPOSITORY_ROUTES.flatMap(({ tail, actions }) =>
      rows(`/v2/<name>/${tail.join('/')}`, actions, 'repository:<name>'),
    ),
  ];
}
