import type { EventOrigin } from '../ports.ts';

/** What an event can tell of, by distribution's names. */
export const EVENT_ACTIONS = ['pull', 'push', 'mount', 'delete'] as const;

export type EventAction = (typeof EVENT_ACTIONS)[number];

/** What an event is about. Texts are empty where the event has none, as in the deletion of a tag. */
export interface EventTarget {
  readonly kind: 'manifest' | 'blob';
  readonly repository: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly tag?: string | undefined;
  /** Where a mount took the blob from. */
  readonly fromRepository?: string | undefined;
}

/** Something that happened. */
export interface Occurrence {
  readonly action: EventAction;
  readonly target: EventTarget;
  readonly origin: EventOrigin;
  readonly atMs: number;
}

/** An endpoint that is to hear of everything but what it ignores; either list alone makes it ignore an event. */
export interface Subscriber {
  readonly endpoint: string;
  readonly ignoredMediaTypes: readonly string[];
  readonly ignoredActions: readonly EventAction[];
}

/** The process that records an event. */
export interface EventSource {
  /** Host name and port. */
  readonly address: string;
  /** Another one after each start. */
  readonly instanceId: string;
}

/** Who hears of events, and how much. Plain data: it goes along into the transaction of a change. */
export interface Audience {
  readonly source: EventSource;
  /** Whether the event of a manifest lists what the manifest refers to. */
  readonly includeReferences: boolean;
  readonly subscribers: readonly Subscriber[];
}

/** An event of the queue. */
export interface RecordedEvent extends Occurrence {
  /** Events are in this order. */
  readonly position: number;
  /** Stays the same when the event is sent again. */
  readonly id: string;
  readonly source: EventSource;
  /** Descriptors as the manifest has them; undefined where they are not wanted. */
  readonly references?: readonly unknown[] | undefined;
}

/** How many events each endpoint is to hear of. */
export type Tally = Readonly<Record<string, number>>;

/** What a change takes along to be recorded with it. */
export interface ChangeNote {
  readonly origin: EventOrigin;
  readonly atMs: number;
  readonly audience: Audience;
  /** What happened before and is not recorded yet. */
  readonly before: readonly Occurrence[];
}

/** Says what is to be recorded together with changes. */
export interface ChangeRecorder {
  /** Asked at each change; undefined where nobody is to hear of it. */
  note(): ChangeNote | undefined;
  /** The change and its events are durable. */
  recorded(tally: Tally): void;
  /** The change failed, and nothing of the note was recorded. */
  failed(note: ChangeNote): void;
}

/** `parked` was given up, and waits for a replay. */
export type DeliveryState = 'pending' | 'delivered' | 'parked';

/** An event on its way to one endpoint. */
export interface Delivery {
  readonly endpoint: string;
  readonly event: RecordedEvent;
  readonly state: DeliveryState;
  /** Attempts so far. */
  readonly attempts: number;
  /** Why the last attempt failed. */
  readonly reason: string | undefined;
}

/** The pending events of one repository for one endpoint: sent in their order, by whoever has claimed them. */
export interface Lane {
  readonly endpoint: string;
  readonly repository: string;
  readonly owner: string;
}

/** What came of attempts, and what is to be done with the lane. */
export interface Settlement {
  readonly lane: Lane;
  /** Positions of events that arrived. */
  readonly delivered: readonly number[];
  /** The attempt after them, which failed, and what becomes of its event. */
  readonly failed:
    | { readonly position: number; readonly state: 'pending' | 'parked'; readonly reason: string }
    | undefined;
  readonly next:
    | { readonly kind: 'keep'; readonly untilMs: number }
    | { readonly kind: 'release'; readonly dueAtMs: number };
}

/** Which deliveries a list or a replay is about. */
export interface DeliveryFilter {
  readonly endpoint: string | undefined;
  readonly state: DeliveryState | undefined;
  /** Events from then on. */
  readonly sinceMs: number;
}

/** What may go, and how much of it is looked at in one transaction. */
export interface PruneStep {
  /** Events before are removed once every endpoint has them; for those that have not, they are parked. */
  readonly settledBeforeMs: number;
  /** Events before are removed whatever became of them. */
  readonly anyBeforeMs: number;
  /** Of more events than this, the oldest are removed whatever became of them. */
  readonly maxEvents: number;
  /** Positions after this one. */
  readonly after: number;
  readonly limit: number;
}

/** What one step removed. */
export interface PruneResult {
  readonly removed: number;
  /** Deliveries that were given up for now. */
  readonly parked: number;
  /** Deliveries that were removed without having arrived. */
  readonly lost: number;
  /** Where the next step begins; undefined at the end. */
  readonly next: number | undefined;
}

/** The queue of events, shared by all processes. */
export interface EventIndex {
  /** Adds events, in the given order, for every endpoint that does not ignore them. */
  record(occurrences: readonly Occurrence[], audience: Audience): Promise<Tally>;
  /** Whether `claim` would find a lane. Cheap. */
  isDue(endpoint: string, nowMs: number): Promise<boolean>;
  /** Takes lanes whose time has come, those first that have waited longest. Nobody else gets them until `untilMs`. */
  claim(claim: {
    endpoint: string;
    owner: string;
    nowMs: number;
    untilMs: number;
    limit: number;
  }): Promise<Lane[]>;
  /** The first pending events of a lane, in their order. */
  heads(lane: Lane, limit: number): Promise<Delivery[]>;
  /**
   * Records attempts. A lane without pending events is removed when it is released.
   * @returns `lost` where the lane is another's by now; what arrived is recorded all the same
   */
  settle(settlement: Settlement): Promise<'kept' | 'released' | 'lost'>;
  /** Deliveries, the newest event first. @param before positions before this one; undefined for the first page */
  list(filter: DeliveryFilter, page: { before: number | undefined; limit: number }): Promise<Delivery[]>;
  /**
   * Makes deliveries pending again, those of at most `limit` events.
   * @param after positions after this one
   * @returns how many, and where the next step begins
   */
  replay(
    filter: DeliveryFilter,
    step: { after: number; limit: number; nowMs: number },
  ): Promise<{ count: number; next: number | undefined }>;
  /** One step of the removal of old events. */
  prune(step: PruneStep): Promise<PruneResult>;
  /** How many deliveries wait and how many are parked; a count stops at `most`. */
  backlog(endpoint: string, most: number): Promise<{ pending: number; parked: number }>;
}
