import { compileNamePattern, type NamePattern } from '../pattern/name-pattern.ts';
import { PatternSyntaxError } from '../pattern/syntax-error.ts';
import type { Decoding } from './decoding.ts';
import type { Type } from './schema.ts';
import { nonEmptyText } from './types-scalar.ts';
import { list, refine } from './types-section.ts';

/** Patterns for repositories: one, or a list. */
export const repositoryPatterns: Type<readonly NamePattern[]> = patterns({
  of: 'repository',
  characters: /[^a-z0-9._/-]/u,
  alphabet: 'lower-case letters, digits, ".", "_", "-" and "/"',
});

const TAGS: Names = {
  of: 'tag',
  characters: /[^A-Za-z0-9._-]/u,
  alphabet: 'letters, digits, ".", "_" and "-"',
};

/** Patterns for tags: one, or a list. */
export const tagPatterns: Type<readonly NamePattern[]> = patterns(TAGS);

/** The pattern for tags that a key is. Problems are reported to `at`. */
export function tagPatternOf(key: string, at: Decoding): NamePattern | undefined {
  const problem = impossible(key, TAGS);
  if (problem === undefined) return compiled(key, at);
  at.report(`${at.name}: ${problem}`);
  return undefined;
}

interface Names {
  readonly of: 'repository' | 'tag';
  /** A character that such a name cannot have. */
  readonly characters: RegExp;
  readonly alphabet: string;
}

function patterns(names: Names): Type<readonly NamePattern[]> {
  const one: Type<NamePattern> = refine(nonEmptyText, (text, at, node) => {
    const wrong = node.kind === 'scalar' && node.plain ? truthValue(text) : undefined;
    const problem = wrong ?? impossible(text, names);
    if (problem === undefined) return compiled(text, at);
    at.report(`${at.name}: ${problem}`);
    return undefined;
  });
  const many = list({ ...one, name: 'pattern' });
  return {
    name: 'pattern or list of patterns',
    shape: many.shape,
    decode(node, at) {
      if (node.kind === 'list') return many.decode(node, at);
      const pattern = one.decode(node, at);
      return pattern && [pattern];
    },
  };
}

function compiled(text: string, at: Decoding): NamePattern | undefined {
  try {
    return compileNamePattern(text);
  } catch (error) {
    if (!(error instanceof PatternSyntaxError)) throw error;
    at.report(`${at.name} is no pattern: ${error.message}`);
    return undefined;
  }
}

/** `immutabletags: true` would protect a tag of that name alone. */
function truthValue(text: string): string | undefined {
  if (!/^(true|false|yes|no|on|off)$/i.test(text)) return undefined;
  return `${text} is no pattern; write "*" for all, [] for none, or "${text}" in quotes for that name`;
}

/** Why a glob can fit no name at all, and what to write. */
function impossible(text: string, { of, characters, alphabet }: Names): string | undefined {
  if (isRegex(text)) return undefined;
  const shown = JSON.stringify(text);
  if (text.startsWith('!')) return `${shown}: there is no "!"; put what is left out into an entry before`;
  if (/[{}]/.test(text)) return `${shown}: there is no {a,b}; write a list of patterns`;
  if (of === 'repository' && /^\/|\/$|\/\//.test(text)) {
    const better = text.replaceAll(/\/+/g, '/').replaceAll(/^\/|\/$/g, '');
    return `${shown} fits no repository: write ${JSON.stringify(better)}, or "${better}/**" for what is below`;
  }
  const plain = text.replaceAll(/\\(.)|\[[^\]]*\]|[*?]/gsu, '$1');
  const [stranger] = characters.exec(plain) ?? [];
  if (stranger === undefined) return undefined;
  const lower = text.toLowerCase();
  const instead =
    of === 'repository' && /[A-Z]/.test(stranger)
      ? `write ${JSON.stringify(lower)}`
      : `names have ${alphabet}`;
  return `${shown} fits no ${of}, because of ${JSON.stringify(stranger)}: ${instead}`;
}

function isRegex(text: string): boolean {
  return text.length > 2 && text.startsWith('/') && text.endsWith('/');
}
