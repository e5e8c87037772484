/**
 * A search filter (RFC 4511 §4.5.1.7). `V` is what stands for a value: {@link Template} before an account is known, text
 * afterwards.
 */
export type Filter<V> =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter<V>[] }
  | { readonly kind: 'not'; readonly part: Filter<V> }
  | { readonly kind: 'present'; readonly attribute: string }
  | { readonly kind: Comparison; readonly attribute: string; readonly value: V }
  | { readonly kind: 'substring'; readonly attribute: string; readonly pieces: Pieces<V> }
  | {
      readonly kind: 'extensible';
      /** Empty: any attribute. */
      readonly attribute: string;
      /** Empty: the attribute's own. */
      readonly rule: string;
      readonly dnAttributes: boolean;
      readonly value: V;
    };

export type Comparison = 'equal' | 'greater' | 'less' | 'approximate';

/** `initial*any*any*final`; undefined where there is nothing before the first asterisk, or behind the last one. */
export interface Pieces<V> {
  readonly initial: V | undefined;
  readonly any: readonly V[];
  readonly final: V | undefined;
}

/** What may stand in a value of a filter as `${name}`. */
export type Placeholder = 'account' | 'dn';

/** A value with gaps: text, and the names of what comes between. */
export type Template = readonly (string | { readonly placeholder: Placeholder })[];

/** What comes into the gaps. */
export type Fillings = Readonly<Partial<Record<Placeholder, string>>>;

/** Active Directory's LDAP_MATCHING_RULE_IN_CHAIN: the server itself goes up through groups of groups. */
const IN_CHAIN = '1.2.840.113556.1.4.1941';

/**
 * Puts values into a filter. They get into it as values, past every parser, so that no text can change what the filter
 * asks.
 */
export function fillFilter(filter: Filter<Template>, fillings: Fillings): Filter<string> {
  return mapValues(filter, (template) =>
    template.map((part) => (typeof part === 'string' ? part : (fillings[part.placeholder] ?? ''))).join(''),
  );
}

/** The placeholders that a filter has. */
export function placeholdersOf(filter: Filter<Template>): ReadonlySet<Placeholder> {
  const found = new Set<Placeholder>();
  mapValues(filter, (template) => {
    for (const part of template) if (typeof part !== 'string') found.add(part.placeholder);
  });
  return found;
}

/** The same filter that also finds groups of groups: `member=${dn}` is asked with Active Directory's rule. */
export function inChain(filter: Filter<Template>): Filter<Template> {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { ...filter, parts: filter.parts.map(inChain) };
    case 'equal': {
      const [only, ...rest] = filter.value;
      const isDn = typeof only === 'object' && only.placeholder === 'dn' && rest.length === 0;
      if (!isDn) return filter;
      const { attribute, value } = filter;
      return { kind: 'extensible', attribute, rule: IN_CHAIN, dnAttributes: false, value };
    }
    default:
      return filter;
  }
}

function mapValues<V, W>(filter: Filter<V>, change: (value: V) => W): Filter<W> {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { ...filter, parts: filter.parts.map((part) => mapValues(part, change)) };
    case 'not':
      return { ...filter, part: mapValues(filter.part, change) };
    case 'present':
      return filter;
    case 'substring': {
      const { initial, any, final } = filter.pieces;
      const ends = [initial, final].map((value) => (value === undefined ? undefined : change(value)));
      return { ...filter, pieces: { initial: ends[0], any: any.map(change), final: ends[1] } };
    }
    default:
      return { ...filter, value: change(filter.value) };
  }
}
