import * as accounts from './accounts.ts';
import type { ApiRoute } from './route.ts';
import { flag, integer, list, object, oneOf, type Schema, text, time } from './schema.ts';

const PAGE = [
  { name: 'n', description: 'So many entries at the most: 100, and never more than 1000.', isNumber: true },
  { name: 'after', description: 'What the answer before gave as `next`.' },
];
const DONE = { 200: { description: 'It is done.', schema: object({}) } };
const FORCE = flag('Even the last administrator who can log in.');
const NAME = object({ name: text() });

const token = {
  id: text('No secret.'),
  account: text(),
  name: text(),
  'limits?': list(object({ pattern: text(), actions: list(text()) })),
  createdAt: time,
  'expiresAt?': time,
};
const MADE = {
  201: {
    description: 'It is made. The secret cannot be shown again.',
    schema: object({ token: object(token), secret: text() }),
  },
};
const TOKENS = {
  200: {
    description: 'All of the account, the oldest first.',
    schema: object({ tokens: list(object({ ...token, 'usedAt?': time })) }),
  },
};
const wish = {
  name: text('To know it by.'),
  'limits?': list(text('Such as team/**:pull,push. Without any it may do what the account may do.')),
  'lifetimeSeconds?': integer('Without it, the token stays.'),
};
const MEMBER = object({ group: text(), account: text() });
const MAPPING = object({ group: text(), label: text('Such as groups.'), value: text() });
const ROLE = object({
  role: oneOf('pull', 'push', 'delete', 'admin'),
  repositories: text('A pattern, such as team/**.'),
  'account?': text('Either this or a group.'),
  'group?': text('Either this or an account.'),
});

function get(
  path: string,
  summary: string,
  parameters: ApiRoute['parameters'],
  schema: Schema,
  handle: ApiRoute['handle'],
): ApiRoute {
  const answers = { 200: { description: 'What there is.', schema } };
  return { method: 'GET', path, summary, parameters, answers, refusals: ['ACCOUNT_UNKNOWN'], handle };
}

function post(
  path: string,
  summary: string,
  body: Schema,
  handle: ApiRoute['handle'],
  answers: ApiRoute['answers'] = DONE,
): ApiRoute {
  const refusals = ['ACCOUNT_UNKNOWN', 'ACCOUNT_CONFLICT'];
  return { method: 'POST', path, summary, parameters: [], body, answers, refusals, handle };
}

const mine = (route: ApiRoute): ApiRoute => ({ ...route, access: 'self' });

/** The routes about accounts, robots, access tokens, groups and roles. */
export const ACCOUNT_ROUTES: readonly ApiRoute[] = [
  get(
    'accounts',
    'The accounts, in ASCII order.',
    [{ name: 'kind', description: 'Only those of people, `user`, or of programs, `robot`.' }, ...PAGE],
    object({
      accounts: list(
        object({
          name: text(),
          kind: oneOf('user', 'robot'),
          isAdmin: flag('It may do everything.'),
          isDisabled: flag('Nobody can log in to it.'),
          labels: list(object({ name: text(), values: list(text()) })),
          createdAt: time,
          'expiresAt?': time,
          'usedAt?': time,
        }),
      ),
      'next?': text(),
    }),
    accounts.listAccounts,
  ),
  post(
    'accounts',
    'Makes an account.',
    object({ name: text(), password: text(), 'isAdmin?': flag('An administrator.') }),
    accounts.addAccount,
  ),
  post(
    'accounts/password',
    'Gives an account another password, and ends its tokens.',
    object({ name: text(), password: text() }),
    accounts.setPassword,
  ),
  post(
    'accounts/disable',
    'Ends the tokens of an account, and lets nobody log in to it.',
    object({ name: text(), 'force?': FORCE }),
    accounts.disableAccount,
  ),
  post('accounts/enable', 'Lets an account that was disabled in again.', NAME, accounts.enableAccount),
  post(
    'accounts/remove',
    'Removes an account, or a robot, with its tokens and roles.',
    object({ name: text(), 'force?': FORCE }),
    accounts.removeAccount,
  ),
  post(
    'robots',
    'Makes the account of a program, with a token.',
    object({ name: text(), 'lifetimeSeconds?': integer('Of the account; without it, it stays.') }),
    accounts.addRobot,
    MADE,
  ),
  post(
    'robots/rotate',
    'Makes a new token for a robot.',
    object({
      name: text(),
      'overlapSeconds?': integer('How long what it had before stays valid: a day; 0 ends it now.'),
    }),
    accounts.rotateRobot,
    MADE,
  ),
  {
    ...get('tokens', '', [], object({}), accounts.listTokens),
    summary: 'The access tokens of an account.',
    parameters: [{ name: 'account', description: 'The account.', isRequired: true }],
    answers: TOKENS,
  },
  post('tokens', 'Makes an access token.', object({ account: text(), ...wish }), accounts.addToken, MADE),
  post(
    'tokens/revoke',
    'Ends an access token, and what was issued for it.',
    object({ account: text(), name: text() }),
    accounts.revokeToken,
  ),
  mine({
    ...get('me/tokens', 'The access tokens of your own account.', [], object({}), accounts.listOwnTokens),
    answers: TOKENS,
  }),
  mine(
    post(
      'me/tokens',
      'Makes an access token for your own account.',
      object(wish),
      accounts.addOwnToken,
      MADE,
    ),
  ),
  mine(post('me/tokens/revoke', 'Ends one of your own access tokens.', NAME, accounts.revokeOwnToken)),
  mine(
    post(
      'me/password',
      'Gives your own account another password, and ends its tokens.',
      object({ password: text() }),
      accounts.setOwnPassword,
    ),
  ),
  get(
    'groups',
    'The groups, in ASCII order.',
    PAGE,
    object({
      groups: list(
        object({
          name: text(),
          createdAt: time,
          members: integer('So many were put into it by name.'),
          mappings: list(object({ label: text(), value: text() })),
        }),
      ),
      'next?': text(),
    }),
    accounts.listGroups,
  ),
  post('groups', 'Makes a group.', NAME, accounts.addGroup),
  post('groups/remove', 'Removes a group, with its roles.', NAME, accounts.removeGroup),
  get(
    'groups/members',
    'Who was put into a group by name.',
    [{ name: 'group', description: 'The group.', isRequired: true }, ...PAGE],
    object({ members: list(text()), 'next?': text() }),
    accounts.listMembers,
  ),
  post('groups/join', 'Puts an account into a group.', MEMBER, accounts.joinGroup),
  post('groups/leave', 'Takes an account out of a group.', MEMBER, accounts.leaveGroup),
  post(
    'groups/map',
    'Puts whoever has a label of another provider into a group.',
    MAPPING,
    accounts.mapGroup,
  ),
  post('groups/unmap', 'Does so no longer.', MAPPING, accounts.unmapGroup),
  get(
    'roles',
    'The roles; of one account or group, or all.',
    [
      { name: 'account', description: 'Of this account.' },
      { name: 'group', description: 'Of this group.' },
    ],
    object({ roles: list(ROLE) }),
    accounts.listRoles,
  ),
  post('roles/grant', 'Gives a role.', ROLE, accounts.grantRole),
  post('roles/revoke', 'Takes a role away.', ROLE, accounts.revokeRole),
];
