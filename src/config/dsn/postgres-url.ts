import { DsnError, queryOf, unescaped } from './dsn-error.ts';

/** Whether lib/pq takes it for a URL. */
export function isPostgresUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//.test(text);
}

/**
 * Reads `postgres://user:password@host:port/dbname?name=value` into the keywords that it stands for, as lib/pq
 * (`ParseURL`) does.
 * @throws DsnError
 */
export function parsePostgresUrl(text: string): Map<string, string> {
  const [, authority = '', path = '', query = ''] =
    /^postgres(?:ql)?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?(.*))?$/s.exec(text) ?? fail();
  const at = authority.lastIndexOf('@');
  const account = at < 0 ? undefined : authority.slice(0, at);
  const [, bracketed, plain = '', port] =
    /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d*))?$/.exec(authority.slice(at + 1)) ?? fail();
  const values = new Map<string, string>();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== '') values.set(name, unescaped(value, name));
  };
  if (account !== undefined) {
    const [user, password] = account.split(/:(.*)/s);
    set('user', user);
    set('password', password);
  }
  set('host', bracketed ?? plain);
  set('port', port);
  set('dbname', path);
  for (const [name, value] of queryOf(query)) values.set(name, value);
  return values;
}

function fail(): never {
  throw new DsnError(
    'the URL must be postgres://user:password@host:5432/dbname; write %40 for @, %2F for /, %3F for ?, %23 for # and %3A for : in the password',
  );
}
