import { type Forgery, withToken } from './case.ts';
import { ACCESS, REPOSITORY } from './forge.ts';

/* What a token of the issuer's own may grant, against a request that takes pull and push on one repository. */

function access(
  title: string,
  values: readonly unknown[],
  more: Omit<Forgery, 'title' | 'requests'> = {},
): Forgery {
  return withToken(title, (forge) => values.map((value) => forge.signed({ access: value })), more);
}

const grant = (changes: Readonly<Record<string, unknown>>): unknown[] => [{ ...ACCESS[0], ...changes }];

export const GRANTS: readonly Forgery[] = [
  access('nothing', [undefined, null, []]),
  access('something that is no list', ['x', 0, true, {}, ACCESS[0], `repository:${REPOSITORY}:pull,push`]),
  access('a list of what is no grant', [
    ...[[0], ['x'], [`repository:${REPOSITORY}:pull,push`], [[]], [ACCESS], [{}]],
  ]),
  access('a list with null in it', [[null], [...ACCESS, null]], {
    real: { accepts: false, why: 'registry:2 trips over null and ends the connection', closes: true },
  }),
  access('a grant beside something that is none', [
    [...ACCESS, 'x'],
    [...ACCESS, 5],
  ]),
  access('actions that are no list', [
    ...['pull,push', 0, true, {}, { 0: 'pull', 1: 'push', length: 2 }].map((actions) => grant({ actions })),
  ]),
  access(
    'no actions',
    [undefined, null, [], ['']].map((actions) => grant({ actions })),
  ),
  access(
    'actions written otherwise',
    [
      ['PULL', 'PUSH'],
      ['pull,push'],
      [' pull', 'push '],
      ['p*'],
      ['**'],
      ['.*'],
      [['pull', 'push']],
      ['admin'],
    ].map((actions) => grant({ actions })),
  ),
  access(
    'too few actions',
    [['pull'], ['push'], ['delete'], ['pull', 'delete']].map((actions) => grant({ actions })),
  ),
  access('the action *', [grant({ actions: ['*'] })], {
    accepted: 'registry:2 takes it for every action, as docker_auth’s rules grant it',
  }),
  access(
    'pull and push in two grants',
    [[...grant({ actions: ['pull'] }), ...grant({ actions: ['push'] })]],
    {
      accepted: 'both are granted',
    },
  ),
  access(
    'names that only look like the repository’s',
    [
      ...['*', '**', '.*', '/.*/', 'forged/*', 'forged', 'forged/', `${REPOSITORY}/`, `/${REPOSITORY}`],
      ...[
        REPOSITORY.slice(0, -1),
        `${REPOSITORY}2`,
        `${REPOSITORY}:latest`,
        ` ${REPOSITORY}`,
        `${REPOSITORY}\u0000`,
      ],
      ...['../forged/image', 'forged/x/../image', 'forged//image', './forged/image', 'forged%2fimage'],
      ...['FORGED/IMAGE', 'Forged/image', '', 'secret/image', `${REPOSITORY},secret/image`, 'forged\\image'],
    ].map((name) => grant({ name })),
  ),
  access(
    'a name that is no text',
    [null, undefined, 0, {}, [REPOSITORY]].map((name) => grant({ name })),
  ),
  access(
    'another type',
    [
      ...[
        'repository(plugin)',
        'repository()',
        'Repository',
        'registry',
        '*',
        '',
        'repositor',
        ' repository',
      ],
      ...[null, undefined, 0, ['repository']],
    ].map((type) => grant({ type })),
  ),
  access('a class', [grant({ class: 'plugin' }), grant({ class: '' })], {
    accepted: 'neither registry looks at it: spec/auth/scope.md deprecates it',
  }),
  access('everything but the repository', [
    [
      { type: 'registry', name: 'catalog', actions: ['*'] },
      { type: 'repository', name: 'secret/image', actions: ['*'] },
    ],
  ]),
  access(
    'the repository behind two hundred others',
    [
      [
        ...Array.from({ length: 200 }, (_, n) => ({ type: 'repository', name: `a/${n}`, actions: ['pull'] })),
        ...ACCESS,
      ],
    ],
    { accepted: 'it is granted' },
  ),
];
