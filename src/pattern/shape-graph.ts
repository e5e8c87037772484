import { RangeTable } from './range-table.ts';
import { ALL, mayBeEmpty, type Ranges, type Shape } from './shape.ts';

/** A shape and what follows it. */
interface Chain {
  readonly head: Shape;
  readonly tail: Chain | undefined;
}

/** Nothing was read, and it is open whether the text begins here. */
const OPEN = -1;
/** The text begins here. */
const ANCHORED = 0;
/** Stays here through any characters. */
const ANYWHERE = 1;
/** A part of the text begins here. */
const FLOATING = 2;

/** Of one shape, no more characters and alternatives are told apart; what is left over is let pass. */
const MAX_CHARS = 400;
const MAX_PATHS = 32;
/** Beyond this, whole shapes are let pass. */
const MAX_NODES = 2_000_000;

/** An edge that is passed without reading a character. */
export const FREE = -1;

/**
 * A nondeterministic automaton for many shapes at once. Shapes that begin alike share the nodes for it, so that ten
 * thousand of them are not ten thousand things to keep track of while a text is read.
 */
export class ShapeGraph {
  readonly starts: readonly number[] = [ANCHORED, ANYWHERE];
  /** The shapes that a text has once the node is reached. */
  readonly found = new Map<number, number[]>();
  /** The same, if the text ends there. */
  readonly foundAtEnd = new Map<number, number[]>();
  readonly #ranges = new RangeTable();
  /** Edges by number; those of a node are linked. */
  readonly #firstEdge: number[] = [];
  readonly #nextEdge: number[] = [];
  readonly #edgeTo: number[] = [];
  readonly #edgeRanges: number[] = [];
  /** Where a node is left by something that is not one character. */
  readonly #detours = new Map<string, number>();
  #charsLeft = 0;
  #pathsLeft = 0;

  constructor() {
    // ANCHORED, ANYWHERE and FLOATING, in the order of their numbers.
    for (let node = ANCHORED; node <= FLOATING; node += 1) this.#newNode();
    this.#addCharEdge(ANYWHERE, ALL, ANYWHERE);
    this.#addEdge(ANYWHERE, FREE, FLOATING);
  }

  /** The sets of characters that edges are labelled with. */
  get rangesByNumber(): readonly Ranges[] {
    return this.#ranges.all;
  }

  add(shape: Shape, id: number): void {
    this.#charsLeft = this.#firstEdge.length < MAX_NODES ? MAX_CHARS : 0;
    this.#pathsLeft = MAX_PATHS;
    this.#follow(OPEN, { head: shape, tail: undefined }, id);
  }

  /** @param visit is given the number of the set of characters, or `FREE`, and the node behind the edge */
  eachEdge(node: number, visit: (ranges: number, to: number) => void): void {
    for (let edge = this.#firstEdge[node] ?? -1; edge >= 0; edge = this.#nextEdge[edge] ?? -1) {
      visit(this.#edgeRanges[edge] ?? FREE, this.#edgeTo[edge] ?? 0);
    }
  }

  #follow(from: number, chain: Chain | undefined, id: number): void {
    let node = from;
    let rest = chain;
    while (rest !== undefined && this.#charsLeft > 0) {
      const { head, tail }: Chain = rest;
      // What may be missing at the end of a part of the text says nothing.
      if (mayBeEmpty(head) && allMayBeEmpty(tail)) break;
      rest = tail;
      switch (head.kind) {
        case 'sequence':
          for (const part of head.parts.toReversed()) rest = { head: part, tail: rest };
          break;
        case 'begin':
          if (node === OPEN) node = ANCHORED;
          break;
        case 'end':
          push(this.foundAtEnd, node === OPEN ? ANYWHERE : node, id);
          return;
        case 'char':
          node = this.#child(readable(node), head.ranges);
          break;
        case 'star':
          if (node !== OPEN) node = this.#detour(node, head);
          break;
        case 'plus':
          // At the begin and the end of a part of the text, once is as good as often.
          if (node === OPEN || allMayBeEmpty(tail)) rest = { head: head.of, tail };
          else node = this.#detour(node, head);
          break;
        case 'choice':
          if (node === OPEN && mayBeEmpty(head)) break;
          if (!isSpecific(head) || this.#pathsLeft < head.options.length) {
            node = this.#detour(readable(node), head);
            break;
          }
          this.#pathsLeft -= head.options.length;
          for (const option of head.options) this.#follow(node, { head: option, tail }, id);
          return;
      }
    }
    push(this.found, node === OPEN ? ANCHORED : node, id);
  }

  /** Behind one character; the same node for all shapes that have this character here. */
  #child(node: number, ranges: Ranges): number {
    this.#charsLeft -= 1;
    const number = this.#ranges.numberOf(ranges);
    for (let edge = this.#firstEdge[node] ?? -1; edge >= 0; edge = this.#nextEdge[edge] ?? -1) {
      if (this.#edgeRanges[edge] === number) return this.#edgeTo[edge] ?? 0;
    }
    const to = this.#newNode();
    this.#addEdge(node, number, to);
    return to;
  }

  /** Behind anything else; again the same for all shapes that have it here. */
  #detour(node: number, shape: Shape): number {
    const key = `${node} ${this.#describe(shape)}`;
    const known = this.#detours.get(key);
    if (known !== undefined) return known;
    // It has nodes of its own, or what others have behind the same characters would be behind these as well.
    const begin = this.#behind(node);
    const end = this.#behind(this.#emit(shape, begin));
    this.#detours.set(key, end);
    return end;
  }

  /** Thompson's construction. @returns where the shape has been read */
  #emit(shape: Shape, from: number): number {
    switch (shape.kind) {
      case 'sequence':
        return shape.parts.reduce((node, part) => this.#emit(part, node), from);
      case 'char': {
        this.#charsLeft -= 1;
        const to = this.#newNode();
        this.#addCharEdge(from, this.#charsLeft > 0 ? shape.ranges : ALL, to);
        return to;
      }
      case 'choice': {
        const to = this.#newNode();
        for (const option of shape.options) this.#addEdge(this.#emit(option, from), FREE, to);
        return to;
      }
      case 'star': {
        const loop = this.#behind(from);
        this.#addEdge(this.#emit(shape.of, loop), FREE, loop);
        return loop;
      }
      case 'plus': {
        const loop = this.#behind(from);
        const end = this.#emit(shape.of, loop);
        this.#addEdge(end, FREE, loop);
        return end;
      }
      // Whether it is one is left open.
      case 'begin':
      case 'end':
        return from;
    }
  }

  #describe(shape: Shape): string {
    switch (shape.kind) {
      case 'char':
        return String(this.#ranges.numberOf(shape.ranges));
      case 'sequence':
        return `(${shape.parts.map((part) => this.#describe(part)).join(' ')})`;
      case 'choice':
        return `[${shape.options.map((option) => this.#describe(option)).join(' ')}]`;
      case 'star':
      case 'plus':
        return `${shape.kind}${this.#describe(shape.of)}`;
      default:
        return shape.kind;
    }
  }

  #newNode(): number {
    return this.#firstEdge.push(-1) - 1;
  }

  #behind(node: number): number {
    const to = this.#newNode();
    this.#addEdge(node, FREE, to);
    return to;
  }

  #addCharEdge(from: number, ranges: Ranges, to: number): void {
    this.#addEdge(from, this.#ranges.numberOf(ranges), to);
  }

  #addEdge(from: number, ranges: number, to: number): void {
    const edge = this.#edgeTo.push(to) - 1;
    this.#edgeRanges.push(ranges);
    this.#nextEdge.push(this.#firstEdge[from] ?? -1);
    this.#firstEdge[from] = edge;
  }
}

function readable(node: number): number {
  return node === OPEN ? FLOATING : node;
}

function push(lists: Map<number, number[]>, key: number, id: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [id]);
  else list.push(id);
}

function allMayBeEmpty(chain: Chain | undefined): boolean {
  for (let rest = chain; rest !== undefined; rest = rest.tail) if (!mayBeEmpty(rest.head)) return false;
  return true;
}

/** A set of that many characters, a letter in either case for one, says which shape it is. */
const FEW_CODE_POINTS = 3;

/** Whether it names characters; else many shapes may have the same here, and share it as a whole. */
function isSpecific(shape: Shape): boolean {
  switch (shape.kind) {
    case 'char':
      return countOf(shape.ranges) <= FEW_CODE_POINTS;
    case 'sequence':
      return shape.parts.some(isSpecific);
    case 'choice':
      return shape.options.some(isSpecific);
    case 'star':
    case 'plus':
      return isSpecific(shape.of);
    default:
      // Told apart only where it is followed on its own.
      return true;
  }
}

function countOf(ranges: Ranges): number {
  let count = 0;
  for (let at = 0; at < ranges.length; at += 2) count += (ranges[at + 1] ?? 0) - (ranges[at] ?? 0) + 1;
  return count;
}
