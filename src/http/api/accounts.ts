import type { MadeToken } from '../../auth/accounts/access-tokens.ts';
import type {
  AccountKind,
  AccountRecord,
  RoleFilter,
  RoleRecord,
} from '../../auth/accounts/administration.ts';
import { USUAL_OVERLAP_MS } from '../../auth/accounts/robots.ts';
import { RegistryError } from '../../errors.ts';
import { json, type Reply } from '../message.ts';
import type { ApiContext } from './context.ts';
import { pageSize } from './deleted.ts';
import { type Fields, jsonBody, required } from './input.ts';
import { shown } from './json.ts';

type Handler = (context: ApiContext) => Promise<Reply>;

/** A handler that reads its fields, does something, and has nothing to tell. */
function doing(read: (fields: Fields, context: ApiContext) => () => Promise<unknown>): Handler {
  return async (context) => {
    const fields = await jsonBody(context.request);
    const act = read(fields, context);
    fields.end();
    await act();
    return json(200, {});
  };
}

function pageOf<T>(
  { request }: ApiContext,
  read: (page: { after: string | undefined; limit: number }) => Promise<T[]>,
): Promise<{ page: T[]; isLast: boolean }> {
  const limit = pageSize(request.query);
  const after = request.query.get('after') ?? undefined;
  return read({ after, limit: limit + 1 }).then((found) => ({
    page: found.slice(0, limit),
    isLast: found.length <= limit,
  }));
}

const withoutHash = ({ passwordHash: _, labels, ...account }: AccountRecord) => ({
  ...account,
  labels: Object.entries(labels).map(([name, values]) => ({ name, values })),
});

export const listAccounts: Handler = async (context) => {
  const kind = context.request.query.get('kind');
  if (kind !== null && kind !== 'user' && kind !== 'robot') {
    throw new RegistryError('REQUEST_INVALID', { message: 'the query parameter "kind" is user or robot' });
  }
  const wanted: AccountKind | undefined = kind ?? undefined;
  const { page, isLast } = await pageOf(context, (asked) => context.accounts.users.list(asked, wanted));
  return json(200, shown({ accounts: page.map(withoutHash), next: isLast ? undefined : page.at(-1)?.name }));
};

export const addAccount = doing((fields, { accounts }) => {
  const [name, password] = [fields.needed('name'), fields.needed('password')];
  const isAdmin = fields.flag('isAdmin') ?? false;
  return () => accounts.users.add(name, password, isAdmin);
});

export const setPassword = doing((fields, { accounts }) => {
  const [name, password] = [fields.needed('name'), fields.needed('password')];
  return () => accounts.users.setPassword(name, password);
});

export const disableAccount = doing((fields, { accounts }) => {
  const [name, force] = [fields.needed('name'), fields.flag('force') ?? false];
  return () => accounts.users.setDisabled(name, true, force);
});

export const enableAccount = doing((fields, { accounts }) => {
  const name = fields.needed('name');
  return () => accounts.users.setDisabled(name, false, false);
});

export const removeAccount = doing((fields, { accounts }) => {
  const [name, force] = [fields.needed('name'), fields.flag('force') ?? false];
  return () => accounts.users.remove(name, force);
});

export const setOwnPassword = doing((fields, { accounts, account }) => {
  const password = fields.needed('password');
  return () => accounts.users.setPassword(account, password);
});

function madeReply({ record: { hash: _, ...token }, secret }: MadeToken): Reply {
  return json(201, shown({ token, secret }));
}

async function tokensOf({ accounts }: ApiContext, account: string): Promise<Reply> {
  return json(200, shown({ tokens: await accounts.accessTokens.list(account) }));
}

async function makeToken({ accounts }: ApiContext, account: string, fields: Fields): Promise<Reply> {
  const [name, limits] = [fields.needed('name'), fields.texts('limits') ?? []];
  const seconds = fields.seconds('lifetimeSeconds');
  fields.end();
  const lifetimeMs = seconds === undefined ? undefined : seconds * 1000;
  return madeReply(await accounts.accessTokens.add(account, { name, limits, lifetimeMs }));
}

export const listTokens: Handler = (context) => tokensOf(context, required(context.request.query, 'account'));

export const addToken: Handler = async (context) => {
  const fields = await jsonBody(context.request);
  return makeToken(context, fields.needed('account'), fields);
};

export const revokeToken = doing((fields, { accounts }) => {
  const [account, name] = [fields.needed('account'), fields.needed('name')];
  return () => accounts.accessTokens.revoke(account, name);
});

export const listOwnTokens: Handler = (context) => tokensOf(context, context.account);

export const addOwnToken: Handler = async (context) =>
  makeToken(context, context.account, await jsonBody(context.request));

export const revokeOwnToken = doing((fields, { accounts, account }) => {
  const name = fields.needed('name');
  return () => accounts.accessTokens.revoke(account, name);
});

export const addRobot: Handler = async ({ request, accounts }) => {
  const fields = await jsonBody(request);
  const [name, seconds] = [fields.needed('name'), fields.seconds('lifetimeSeconds')];
  fields.end();
  return madeReply(await accounts.robots.add(name, seconds === undefined ? undefined : seconds * 1000));
};

export const rotateRobot: Handler = async ({ request, accounts }) => {
  const fields = await jsonBody(request);
  const [name, seconds] = [fields.needed('name'), fields.seconds('overlapSeconds')];
  fields.end();
  return madeReply(
    await accounts.robots.rotate(name, seconds === undefined ? USUAL_OVERLAP_MS : seconds * 1000),
  );
};

export const listGroups: Handler = async (context) => {
  const { page, isLast } = await pageOf(context, (asked) => context.accounts.groups.list(asked));
  const mappings = await context.accounts.groups.mappings();
  const groups = page.map((group) => ({
    ...group,
    mappings: mappings
      .filter((one) => one.group === group.name)
      .map(({ label, value }) => ({ label, value })),
  }));
  return json(200, shown({ groups, next: isLast ? undefined : page.at(-1)?.name }));
};

export const listMembers: Handler = async (context) => {
  const group = required(context.request.query, 'group');
  const { page, isLast } = await pageOf(context, (asked) => context.accounts.groups.members(group, asked));
  return json(200, shown({ members: page, next: isLast ? undefined : page.at(-1) }));
};

export const addGroup = doing((fields, { accounts }) => {
  const name = fields.needed('name');
  return () => accounts.groups.add(name);
});

export const removeGroup = doing((fields, { accounts }) => {
  const name = fields.needed('name');
  return () => accounts.groups.remove(name);
});

export const joinGroup = doing((fields, { accounts }) => {
  const [group, account] = [fields.needed('group'), fields.needed('account')];
  return () => accounts.groups.join(group, account);
});

export const leaveGroup = doing((fields, { accounts }) => {
  const [group, account] = [fields.needed('group'), fields.needed('account')];
  return () => accounts.groups.leave(group, account);
});

const mappingOf = (fields: Fields) => ({
  group: fields.needed('group'),
  label: fields.needed('label'),
  value: fields.needed('value'),
});

export const mapGroup = doing((fields, { accounts }) => {
  const mapping = mappingOf(fields);
  return () => accounts.groups.map(mapping);
});

export const unmapGroup = doing((fields, { accounts }) => {
  const mapping = mappingOf(fields);
  return () => accounts.groups.unmap(mapping);
});

function whose(account: string | undefined, group: string | undefined): Pick<RoleRecord, 'kind' | 'name'> {
  if (account !== undefined && group === undefined) return { kind: 'account', name: account };
  if (group !== undefined && account === undefined) return { kind: 'group', name: group };
  throw new RegistryError('REQUEST_INVALID', { message: 'one of "account" and "group" must be there' });
}

export const listRoles: Handler = async ({ request, accounts }) => {
  const [account, group] = [
    request.query.get('account') ?? undefined,
    request.query.get('group') ?? undefined,
  ];
  const filter: RoleFilter = account === undefined && group === undefined ? {} : whose(account, group);
  const roles = await accounts.roles.list(filter);
  return json(200, {
    roles: roles.map(({ kind, name, role, pattern }) => ({ [kind]: name, role, repositories: pattern })),
  });
};

const roleOf = (fields: Fields): RoleRecord => ({
  role: fields.needed('role'),
  pattern: fields.needed('repositories'),
  ...whose(fields.text('account'), fields.text('group')),
});

export const grantRole = doing((fields, { accounts }) => {
  const role = roleOf(fields);
  return () => accounts.roles.grant(role);
});

export const revokeRole = doing((fields, { accounts }) => {
  const role = roleOf(fields);
  return () => accounts.roles.revoke(role);
});
