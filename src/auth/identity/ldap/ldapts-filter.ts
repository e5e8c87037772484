import type { Filter as LdaptsFilter } from 'ldapts';
import type { Filter } from './filter.ts';

type Ldapts = typeof import('ldapts');

/**
 * A filter as the package writes it into a message. Its own parser has no part in it: that one knows neither bytes of UTF-8
 * nor options of attributes, and overlooks a missing bracket.
 */
export function filterFor(ldapts: Ldapts, filter: Filter<string>): LdaptsFilter {
  switch (filter.kind) {
    case 'and':
      return new ldapts.AndFilter({ filters: filter.parts.map((part) => filterFor(ldapts, part)) });
    case 'or':
      return new ldapts.OrFilter({ filters: filter.parts.map((part) => filterFor(ldapts, part)) });
    case 'not':
      return new ldapts.NotFilter({ filter: filterFor(ldapts, filter.part) });
    case 'present':
      return new ldapts.PresenceFilter(filter);
    case 'equal':
      return new ldapts.EqualityFilter(filter);
    case 'greater':
      return new ldapts.GreaterThanEqualsFilter(filter);
    case 'less':
      return new ldapts.LessThanEqualsFilter(filter);
    case 'approximate':
      return new ldapts.ApproximateFilter(filter);
    case 'substring': {
      const { initial = '', any, final = '' } = filter.pieces;
      return new ldapts.SubstringFilter({ attribute: filter.attribute, initial, any: [...any], final });
    }
    case 'extensible':
      return new ldapts.ExtensibleFilter({ ...filter, matchType: filter.attribute });
  }
}
