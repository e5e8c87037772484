import { InvalidValueError, quoted } from './invalid.ts';

/** One resource and what is asked for, or allowed, on it (distribution, spec/auth/scope.md). */
export interface Access {
  /** `repository` or `registry`; a class such as `repository(plugin)` is dropped, as its use is deprecated. */
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

const TYPE = /^([a-z0-9]+)(?:\([a-z0-9]+\))?$/;
const ACTION = /^(?:[a-z]+|\*)$/;
/** Repositories have none in their names, and what a name is handed to, a program or a log, may read them as more. */
const CONTROL_CHARACTER = /\p{Cc}/u;
const MAX_SCOPE_CHARACTERS = 4096;

/**
 * Reads one resource scope, `type:name:action,action`. The name may hold colons (a host with its port), so the
 * type ends at the first colon and the actions begin after the last.
 * @throws InvalidValueError kind `scope`
 */
export function parseResourceScope(text: string): Access {
  const first = text.indexOf(':');
  const last = text.lastIndexOf(':');
  if (text.length > MAX_SCOPE_CHARACTERS || first === -1 || first === last) {
    throw new InvalidValueError('scope', `${quoted(text)} is not a scope: write type:name:action,action`);
  }
  const type = TYPE.exec(text.slice(0, first))?.[1];
  const name = text.slice(first + 1, last);
  const list = text.slice(last + 1);
  // "action := [a-z]*" (spec/auth/scope.md): nothing between two commas asks for nothing.
  const actions = [...new Set(list.split(','))].filter((action) => action !== '');
  const isName = name !== '' && !CONTROL_CHARACTER.test(name);
  if (type === undefined || !isName || !actions.every((action) => ACTION.test(action))) {
    throw new InvalidValueError(
      'scope',
      `${quoted(text)} is not a scope: write type:name:action,action, such as repository:team/app:pull,push`,
    );
  }
  return { type, name, actions };
}

/**
 * Reads scope parameters: each holds any number of resource scopes between spaces.
 * @throws InvalidValueError kind `scope`
 */
export function parseScopes(parameters: readonly string[]): Access[] {
  return parameters
    .flatMap((parameter) => parameter.split(' '))
    .filter((text) => text !== '')
    .map(parseResourceScope);
}

/** The scope's text, with its actions in the order given. */
export function formatScope(access: Access): string {
  return `${access.type}:${access.name}:${access.actions.join(',')}`;
}

/** Whether everything that is required is among what is granted. `*` among the granted actions grants each. */
export function covers(granted: readonly Access[], required: Access): boolean {
  return required.actions.every((action) =>
    granted.some(
      (access) =>
        access.type === required.type &&
        access.name === required.name &&
        (access.actions.includes(action) || access.actions.includes('*')),
    ),
  );
}
