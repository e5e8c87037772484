import type { RuleSource } from '../../auth/stored-rules-authorizer.ts';
import type { Logger } from '../../ports.ts';
import type { MongoCollection } from './connection.ts';
import { uniqueIndex } from './unique-index.ts';

/** docker_auth's collection of rules: `{seq, match, actions, comment}`. Keys such as `_id` and `__v` are not the rule's. */
export function mongoRules(collection: MongoCollection, log: Logger): RuleSource {
  const ready = uniqueIndex(collection, 'seq', log);
  return {
    async load() {
      await ready();
      // One document that cannot be decoded makes this fail as a whole.
      const documents = await collection.ask((opened) => opened.find({}).toArray());
      return documents.map((document) => {
        const entries = Object.entries(document).filter(([key]) => !key.startsWith('_'));
        const isSeq = ([key]: readonly [string, unknown]): boolean => key.toLowerCase() === 'seq';
        const seq: unknown = entries.find(isSeq)?.[1];
        return {
          // A number of 64 bits is an object of the driver's.
          seq: typeof seq === 'object' && seq !== null && '_bsontype' in seq ? String(seq) : seq,
          rule: Object.fromEntries(entries.filter((entry) => !isSeq(entry))),
        };
      });
    },
    close: () => collection.close(),
  };
}
