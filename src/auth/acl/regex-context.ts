import { PatternSyntaxError } from '../../pattern/syntax-error.ts';
import type { PlaceholderPart, TemplatePart } from './template.ts';

/** The placeholders that stand between `\Q` and `\E`, where a backslash is no escape. */
export type QuotedPlaceholders = ReadonlySet<PlaceholderPart>;

/**
 * Finds where in a regex its placeholders stand.
 *
 * @throws PatternSyntaxError for one inside `[…]`
 */
export function findQuoted(whole: string, parts: readonly TemplatePart[]): QuotedPlaceholders {
  const quoted = new Set<PlaceholderPart>();
  let context: Context = 'plain';
  for (const part of parts) {
    if ('text' in part) {
      context = contextAfter(part.text, context);
    } else if (context === 'quote') {
      quoted.add(part);
    } else if (context === 'class') {
      throw new PatternSyntaxError(
        `${part.source} inside [...], where it would be a set of its letters: write it outside the brackets`,
        whole,
        part.offset,
      );
    }
  }
  return quoted;
}

type Context = 'plain' | 'class' | 'quote';

/** One token of each context; the last alternative is any other character. */
const TOKENS = {
  plain: /\\.|\[\^?\]?|./sy,
  class: /\\.|\[:[^\]]*?:\]|./sy,
  quote: /\\E|./sy,
} as const;

function contextAfter(text: string, before: Context): Context {
  let context = before;
  let at = 0;
  while (at < text.length) {
    const pattern = TOKENS[context];
    pattern.lastIndex = at;
    const token = pattern.exec(text)?.[0] ?? '';
    at += Math.max(token.length, 1);
    if (context === 'plain' && token === '\\Q') context = 'quote';
    else if (context === 'plain' && token.startsWith('[')) context = 'class';
    else if (context === 'class' && token === ']') context = 'plain';
    else if (context === 'quote' && token === '\\E') context = 'plain';
  }
  return context;
}
