import { describe, expect, it } from 'vitest';
import { Ledger, type Register, type Value } from './ledger.ts';

const set = (register: Register, value: Value) => register.begin(`set ${value}`, { kind: 'set', value });
const drop = (register: Register, value: string) => register.begin(`drop ${value}`, { kind: 'drop', value });

describe('a register', () => {
  const open = () => {
    const ledger = new Ledger();
    return { ledger, tag: ledger.register('tag') };
  };

  it('is not there at the beginning', () => {
    expect(open().tag.possible()).toEqual(new Set([undefined]));
  });

  it('is what was acknowledged last, and nothing else', () => {
    const { tag } = open();
    set(tag, 'a').end('acknowledged');
    expect(tag.possible()).toEqual(new Set(['a']));
    set(tag, 'b').end('acknowledged');
    expect(tag.possible()).toEqual(new Set(['b']));
    const look = tag.look();
    expect(look.saw('b')).toBeUndefined();
    expect(look.saw('a')).toContain('tag was a, which nothing explains');
    expect(look.saw(undefined)).toContain('tag was not there');
  });

  it('may be either of two whose times overlap', () => {
    const { tag } = open();
    const [first, second] = [set(tag, 'a'), set(tag, 'b')];
    second.end('acknowledged');
    first.end('acknowledged');
    expect(tag.possible()).toEqual(new Set(['a', 'b']));
    set(tag, 'c').end('acknowledged');
    expect(tag.possible()).toEqual(new Set(['c']));
  });

  it('may be what nobody knows of, until something later is acknowledged', () => {
    const { tag } = open();
    set(tag, 'a').end('acknowledged');
    set(tag, 'b').end('unknown');
    expect(tag.possible()).toEqual(new Set(['a', 'b']));
    set(tag, undefined).end('unknown');
    expect(tag.possible()).toEqual(new Set(['a', 'b', undefined]));
    set(tag, 'c').end('acknowledged');
    expect(tag.possible()).toEqual(new Set(['c']));
  });

  it('is not what was refused', () => {
    const { tag } = open();
    set(tag, 'a').end('acknowledged');
    set(tag, 'b').end('refused');
    expect(tag.possible()).toEqual(new Set(['a']));
  });

  it('loses what was dropped, and only that', () => {
    const { tag } = open();
    set(tag, 'a').end('acknowledged');
    drop(tag, 'b').end('acknowledged');
    expect(tag.possible()).toEqual(new Set(['a', undefined]));
    drop(tag, 'a').end('acknowledged');
    expect(tag.possible()).toEqual(new Set([undefined]));
    const dropping = drop(tag, 'c');
    set(tag, 'c').end('acknowledged');
    dropping.end('unknown');
    expect(tag.possible()).toEqual(new Set(['c', undefined]));
  });

  it('may still become what was left open, until every server is dead', () => {
    const { ledger, tag } = open();
    set(tag, 'late').leaveOpen();
    set(tag, 'a').end('acknowledged');
    set(tag, 'b').end('acknowledged');
    expect(tag.possible()).toEqual(new Set(['b', 'late']));
    ledger.allDied();
    expect(tag.possible()).toEqual(new Set(['b', 'late']));
    set(tag, 'c').end('acknowledged');
    expect(tag.possible()).toEqual(new Set(['c']));
  });

  it('shows a look what it was at any time since the look began', () => {
    const { tag } = open();
    set(tag, 'a').end('acknowledged');
    const look = tag.look();
    expect(look.isDisturbed).toBe(false);
    const moving = set(tag, 'b');
    expect(look.isDisturbed).toBe(true);
    moving.end('acknowledged');
    set(tag, 'c').end('acknowledged');
    expect(look.isDisturbed).toBe(true);
    for (const value of ['a', 'b', 'c']) expect(look.saw(value), value).toBeUndefined();
    look.close();
    const later = tag.look();
    expect(later.saw('a')).toBeDefined();
    expect(later.saw('b')).toBeDefined();
    expect(later.saw('c')).toBeUndefined();
  });
});
