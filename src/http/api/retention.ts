import { RegistryError } from '../../errors.ts';
import type { Forecast, RepositoryForecast, TagForecast } from '../../lifecycle/retention/forecast.ts';
import { parseRepositoryName } from '../../oci/reference.ts';
import { json, type Reply } from '../message.ts';
import type { ApiContext } from './context.ts';
import { jsonBody } from './input.ts';
import { shown } from './json.ts';

/** `GET /api/v1/retention` */
export async function retentionState({ retention }: ApiContext): Promise<Reply> {
  return json(200, shown(await retention.state()));
}

/** `POST /api/v1/retention`: begins a run, which goes on after the answer; a dry run is over with it. */
export async function startRetention(context: ApiContext): Promise<Reply> {
  const { request, retention } = context;
  const fields = await jsonBody(request);
  const dryRun = fields.flag('dryRun') ?? false;
  const [name, at, grace] = [fields.text('repository'), fields.text('at'), fields.seconds('graceSeconds')];
  fields.end();
  const graceMs = grace === undefined ? undefined : grace * 1000;
  if (!dryRun) {
    if (name !== undefined || at !== undefined) {
      throw new RegistryError('REQUEST_INVALID', {
        message: 'the fields "repository" and "at" go with "dryRun": tags are removed everywhere and now',
      });
    }
    refuseIfNot(await retention.start(graceMs));
    return json(202, shown(await retention.state()));
  }
  if (name === undefined) {
    throw new RegistryError('REQUEST_INVALID', {
      message: 'a dry run needs the field "repository"; of all at once, berth retention --dry-run tells',
    });
  }
  const atMs = at === undefined ? undefined : timeOf(at);
  const forecast = await retention.forecast({ repository: parseRepositoryName(name), graceMs, atMs });
  if ('reason' in forecast) throw busy(forecast.reason);
  return json(200, shown(shownForecast(forecast)));
}

/** @throws RegistryError RETENTION_BUSY */
function refuseIfNot(outcome: 'started' | 'busy' | { readonly reason: string }): void {
  if (outcome === 'busy') throw new RegistryError('RETENTION_BUSY');
  if (outcome !== 'started') throw busy(outcome.reason);
}

function busy(message: string): RegistryError {
  return new RegistryError('RETENTION_BUSY', { message });
}

/** @throws RegistryError REQUEST_INVALID */
function timeOf(text: string): number {
  const atMs = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(atMs)) return atMs;
  throw new RegistryError('REQUEST_INVALID', {
    message: 'the field "at" must be a date and time, such as 2026-01-31T12:00:00Z',
  });
}

function shownForecast({ repositories, missedTags, ...totals }: Forecast): unknown {
  const tags = repositories.flatMap((of: RepositoryForecast) => of.tags.map(shownTag));
  return { ...totals, missedTags, entry: repositories[0]?.entry, tags };
}

function shownTag({ facts, ...decided }: TagForecast): unknown {
  const { tag, digest, movedAtMs, pushedAtMs, pulledAtMs, askedAtMs, since } = facts;
  return {
    ...{ tag, digest, ...decided, movedAtMs, pushedAtMs, pulledAtMs, askedAtMs },
    pulledSinceAtMs: since?.pulledAtMs,
  };
}
