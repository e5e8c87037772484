import type { Model } from 'casbin';
import { CasbinFault } from './fault.ts';

/**
 * Looks at the names in the matcher. The package takes a field that is not there for undefined, so that a misspelt
 * `r.acount == p.acount` would be true for everybody; a function that is not there shows itself only when it is called.
 * @throws CasbinFault
 */
export function checkMatcher(model: Model, functions: Iterable<string>): void {
  const matcher = (model.model.get('m')?.get('m')?.value ?? '').replaceAll(/"[^"]*"|'[^']*'/g, '""');
  for (const [, kind = '', field = ''] of matcher.matchAll(/(?<![\w.])([rp]\d*)[_.](\w+)/g)) {
    const fields = model.model.get(kind.slice(0, 1))?.get(kind)?.tokens ?? [];
    if (fields.includes(`${kind}_${field}`)) continue;
    const known = fields.map((one) => one.slice(kind.length + 1)).join(', ');
    throw new CasbinFault('model', undefined, `the matcher uses ${kind}.${field}; known are ${known}`);
  }
  const known = new Set([...functions, ...(model.model.get('g')?.keys() ?? []), 'eval', 'in']);
  for (const [, name = ''] of matcher.matchAll(/(?<![\w.])([A-Za-z]\w*)\s*\(/g)) {
    if (known.has(name)) continue;
    const names = [...known].toSorted().join(', ');
    throw new CasbinFault(
      'model',
      undefined,
      `the matcher calls ${name}, which is not there; known are ${names}`,
    );
  }
}
