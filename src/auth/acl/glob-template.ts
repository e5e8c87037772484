import { matchGlob } from '../../pattern/glob.ts';
import { parseGlob } from '../../pattern/glob-parser.ts';
import { someCombination } from './combinations.ts';
import { globNeeds, type Needs } from './needs.ts';
import { distinctPlaceholders, type TemplatePart, type ValuesOf } from './template.ts';

export interface GlobTemplate {
  test(subject: string, valuesOf: ValuesOf): boolean;
  readonly needs: Needs;
}

/**
 * A glob with placeholders, whose values match nothing but themselves. docker_auth gets the same for the four
 * fields by quoting them for a regex: in a glob `\.` is `.` as well. Nothing is compiled per request.
 *
 * @throws GlobSyntaxError
 */
export function compileGlobTemplate(whole: string, parts: readonly TemplatePart[]): GlobTemplate {
  const { placeholders, slotOf } = distinctPlaceholders(parts);
  const chunks = parseGlob(
    whole,
    parts.map((part) => ('text' in part ? part : { slot: slotOf(part) })),
  );
  const [prefix] = chunks[0]?.afterStar ? [] : (chunks[0]?.elements ?? []);
  const test: GlobTemplate['test'] = (subject, valuesOf) => {
    if (typeof prefix === 'string' && !subject.startsWith(prefix)) return false;
    const lists: string[][] = [];
    for (const { placeholder } of placeholders) {
      // A glob has no alternatives: every value in it must occur.
      const values = valuesOf(placeholder).filter((value) => subject.includes(value));
      if (values.length === 0) return false;
      lists.push(values);
    }
    return someCombination(lists, (values) => matchGlob(chunks, subject, values));
  };
  return { test, needs: globNeeds(chunks) };
}
