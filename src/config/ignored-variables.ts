import type { Type } from './schema.ts';
import { schemaKeys } from './schema-keys.ts';
import { suggest } from './suggest.ts';

/** What Kubernetes sets in every pod for a Service whose name begins with `registry`. */
const KUBERNETES =
  /^REGISTRY(?:_[A-Z0-9_]+)?_(?:SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$/;

/** Why a variable leads to no key, and which one may have been meant; a sentence without its end. */
export function explainIgnored(name: string, schema: Type<unknown>): string {
  if (name === 'REGISTRY_VERSION') return "ignored, as before: the version is the file's own";
  if (KUBERNETES.test(name)) return 'ignored, as before: Kubernetes sets it for a Service; it is no setting';
  const near = nearest(name, schema);
  return near === undefined
    ? 'ignored, as before: there is no such setting'
    : `ignored, as before: there is no such setting; did you mean ${near}?`;
}

function nearest(name: string, schema: Type<unknown>): string | undefined {
  const keys = schemaKeys(schema).filter(({ variable }) => !variable.includes('<'));
  // Written as in the file, where Go calls the field something else.
  const asInFile = keys.find(
    (key) => `REGISTRY_${key.name.toUpperCase().replaceAll('.', '_')}` === name.toUpperCase(),
  );
  if (asInFile !== undefined) return asInFile.variable;
  const head = name.split('_').slice(0, 2).join('_').toUpperCase();
  const names = keys.map(({ variable }) => variable);
  const siblings = names.filter((known) => known.startsWith(`${head}_`) || known === head);
  return suggest(name, siblings.length > 0 ? siblings : names);
}
