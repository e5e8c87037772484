import { RegistryError } from '../../errors.ts';
import { json, type Reply } from '../message.ts';
import type { ApiContext } from './context.ts';
import { jsonBody } from './input.ts';
import { shown } from './json.ts';

/** `GET /api/v1/garbage-collection` */
export async function collectionState({ collector }: ApiContext): Promise<Reply> {
  return json(200, shown(await collector.state()));
}

/** `POST /api/v1/garbage-collection`: begins one, which goes on after the answer; a dry run is over with it. */
export async function startCollection({ request, collector, wishes, account }: ApiContext): Promise<Reply> {
  const fields = await jsonBody(request);
  const dryRun = fields.flag('dryRun') ?? false;
  const [grace, keep] = [fields.seconds('graceSeconds'), fields.seconds('keepDeletedSeconds')];
  const asked = {
    untagged: fields.flag('untagged') ?? wishes.untagged,
    originals: fields.flag('originals') ?? wishes.originals,
    graceMs: grace === undefined ? wishes.graceMs : grace * 1000,
    keepDeletedMs: keep === undefined ? wishes.keepDeletedMs : keep * 1000,
  };
  fields.end();
  if (dryRun) {
    const collected = await collector.dryRun(asked);
    if ('reason' in collected) throw new RegistryError('COLLECTION_BUSY', { message: collected.reason });
    return json(200, { collected });
  }
  const started = await collector.start(asked, account);
  if (started === 'busy') throw new RegistryError('COLLECTION_BUSY');
  if (started !== 'started') throw new RegistryError('COLLECTION_BUSY', { message: started.reason });
  return json(202, shown(await collector.state()));
}
