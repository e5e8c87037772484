import { piecesOf } from './range-table.ts';
import { isWithin, type Shape } from './shape.ts';
import { FREE, ShapeGraph } from './shape-graph.ts';

/** A state of the deterministic automaton: the nodes that the text so far leads to. */
interface State {
  /** Those that are left by characters. */
  readonly nodes: readonly number[];
  /** By the first code point of the next character's piece. */
  readonly next: Map<number, State>;
  readonly found: readonly number[];
  readonly foundAtEnd: readonly number[];
}

/** How much the states that were built may take; then they are built anew, as RE2 does it. */
const MAX_BYTES = 8 * 1024 * 1024;
const STATE_BYTES = 400;
const NODE_BYTES = 16;
const STEP_BYTES = 50;

/**
 * Many shapes that are looked for in one reading of a text: its cost does not depend on how many there are. States
 * are built when a text first leads there, so the first texts cost more.
 */
export class ShapeSet {
  readonly #graph: ShapeGraph;
  readonly #pieceOf: (codePoint: number) => number;
  #states = new Map<string, State>();
  #bytes = 0;
  #start: State;

  /** The place of a shape in the list is its number. */
  constructor(shapes: readonly Shape[]) {
    this.#graph = new ShapeGraph();
    for (const [id, shape] of shapes.entries()) this.#graph.add(shape, id);
    this.#pieceOf = piecesOf(this.#graph.rangesByNumber);
    this.#start = this.#stateOf(this.#graph.starts);
  }

  /** Visits the number of each shape that the text has, some more than once, in no order. */
  find(text: string, visit: (id: number) => void): void {
    let state = this.#start;
    for (const id of state.found) visit(id);
    for (let at = 0; at < text.length; at += 1) {
      const codePoint = text.codePointAt(at) ?? 0;
      if (codePoint > 0xffff) at += 1;
      state = this.#step(state, this.#pieceOf(codePoint));
      for (const id of state.found) visit(id);
    }
    for (const id of state.foundAtEnd) visit(id);
  }

  #step(state: State, piece: number): State {
    const known = state.next.get(piece);
    if (known !== undefined) return known;
    // The states in hand stay good; they are only not found again.
    if (this.#bytes > MAX_BYTES) this.#forget();
    const reached: number[] = [];
    for (const node of state.nodes) {
      this.#graph.eachEdge(node, (ranges, to) => {
        if (ranges !== FREE && isWithin(piece, this.#graph.rangesByNumber[ranges] ?? [])) reached.push(to);
      });
    }
    const next = this.#stateOf(reached);
    state.next.set(piece, next);
    this.#bytes += STEP_BYTES;
    return next;
  }

  #stateOf(reached: readonly number[]): State {
    const seen = new Set(reached);
    const leavable = new Set<number>();
    // A set is walked to its end, with what is added meanwhile.
    for (const node of seen) {
      this.#graph.eachEdge(node, (ranges, to) => {
        if (ranges === FREE) seen.add(to);
        else leavable.add(node);
      });
    }
    const nodes = [...leavable].sort((a, b) => a - b);
    const found = [...seen].flatMap((node) => this.#graph.found.get(node) ?? []);
    const foundAtEnd = [...seen].flatMap((node) => this.#graph.foundAtEnd.get(node) ?? []);
    const key = [nodes, found.toSorted((a, b) => a - b), foundAtEnd.toSorted((a, b) => a - b)].join(';');
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const state = { nodes, next: new Map(), found, foundAtEnd };
    this.#states.set(key, state);
    this.#bytes += STATE_BYTES + NODE_BYTES * (nodes.length + found.length + foundAtEnd.length);
    return state;
  }

  #forget(): void {
    this.#states = new Map();
    this.#bytes = 0;
    this.#start = this.#stateOf(this.#graph.starts);
  }
}
