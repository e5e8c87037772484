import { describe, expect, it } from 'vitest';
import { outcomeOf, statusLine } from './outcome.ts';
import { Gate, isHopeless, waitMs } from './retry.ts';

const POLICY = { threshold: 3, backoffMs: 1_000 };
const DOWN = { kind: 'unavailable', status: undefined, reason: '' } as const;

describe('answers', () => {
  it.each([200, 201, 202, 204, 299, 300, 304])('accepts %i', (status) => {
    expect(outcomeOf(status, false)).toEqual({ kind: 'delivered', status });
  });

  it.each([301, 302, 303, 307, 308])('does not take a redirect (%i) for an arrival', (status) => {
    expect(outcomeOf(status, true)).toMatchObject({ kind: 'failed', status });
  });

  it.each([400, 409, 410, 413, 415, 422])('takes %i for a word on the event', (status) => {
    expect(outcomeOf(status, false)).toMatchObject({ kind: 'rejected', status });
  });

  it.each([401, 403, 404, 405, 407, 500, 501, 505])('takes %i for a fault that may be mended', (status) => {
    expect(outcomeOf(status, false)).toMatchObject({ kind: 'failed', status });
  });

  it.each([408, 425, 429, 502, 503, 504])('takes %i for no answer', (status) => {
    expect(outcomeOf(status, false)).toMatchObject({ kind: 'unavailable', status });
  });

  it('are written as Go writes them', () => {
    expect(statusLine(200)).toBe('200 OK');
    expect(statusLine(503)).toBe('503 Service Unavailable');
  });
});

describe('waits', () => {
  it('begin after the threshold with the backoff, double, and end at a minute', () => {
    const waits = [1, 2, 3, 4, 5, 20, 1_000_000].map((failures) => waitMs(POLICY, failures, () => 0));
    expect(waits).toEqual([0, 0, 1_000, 2_000, 4_000, 60_000, 60_000]);
  });

  it('are never shorter than a backoff that is longer than a minute', () => {
    expect(waitMs({ threshold: 1, backoffMs: 300_000 }, 9, () => 0)).toBe(300_000);
  });

  it('differ by up to a quarter', () => {
    expect(waitMs(POLICY, 3, () => 1)).toBe(1_250);
  });
});

describe('giving up', () => {
  it('comes soon after rejections, late after faults, and never because nobody answers', () => {
    const at = (status: number, attempts: number) => isHopeless(outcomeOf(status, false), attempts);
    expect([at(400, 4), at(400, 5)]).toEqual([false, true]);
    expect([at(500, 99), at(500, 100)]).toEqual([false, true]);
    expect([at(503, 1_000_000), isHopeless(DOWN, 1_000_000)]).toEqual([false, false]);
  });
});

describe('the gate', () => {
  it('closes after the threshold, lets one through at a time afterwards, and opens at an arrival', () => {
    const gate = new Gate(POLICY);
    for (const n of [1, 2]) gate.note(DOWN, n);
    expect([gate.isClosed(3), gate.isDoubtful]).toEqual([false, false]);
    gate.note(DOWN, 3);
    expect([gate.isClosed(1_002), gate.isClosed(1_254), gate.isDoubtful]).toEqual([true, false, true]);
    gate.note({ kind: 'delivered', status: 200 }, 1_254);
    expect([gate.isClosed(1_254), gate.isDoubtful]).toEqual([false, false]);
  });

  it('stays open to an endpoint that rejects an event', () => {
    const gate = new Gate(POLICY);
    for (let n = 0; n < 10; n += 1) gate.note(outcomeOf(400, false), n);
    expect(gate.isClosed(10)).toBe(false);
  });
});
