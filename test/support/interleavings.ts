/** A member of a scene; each operation that it puts into `step` happens at one instant, between those of others. */
export type Actor = (step: <T>(operation: () => Promise<T>) => Promise<T>) => Promise<void>;

/** One actor, stopped before its next operation or at its end. */
class Puppet {
  readonly #end: Promise<void>;
  #isOver = false;
  #arrived = Promise.withResolvers<void>();
  #go = Promise.withResolvers<void>();

  constructor(actor: Actor) {
    this.#end = actor(async (operation) => {
      const go = Promise.withResolvers<void>();
      this.#go = go;
      this.#arrived.resolve();
      await go.promise;
      return operation();
    }).finally(() => {
      this.#isOver = true;
      this.#arrived.resolve();
    });
    this.#end.catch(() => undefined);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  async ready(): Promise<void> {
    await this.#arrived.promise;
    if (this.#isOver) await this.#end;
  }

  async step(): Promise<void> {
    this.#arrived = Promise.withResolvers();
    this.#go.resolve();
    await this.ready();
  }
}

/** A scene at its beginning. */
export interface Scene {
  readonly actors: readonly Actor[];
  /** What must hold after every operation. */
  holds(): Promise<void>;
  /** What must hold when everybody has left. */
  ends(): Promise<void>;
}

/** The scene went wrong in this order of actors' operations, by their numbers. */
export class BadOrder extends Error {
  readonly order: readonly number[];

  constructor(order: readonly number[], cause: unknown) {
    super(`in the order ${order.join(' ')}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.order = order;
  }
}

async function play({ actors, holds, ends }: Scene, wanted: readonly number[]) {
  const puppets = actors.map((actor) => new Puppet(actor));
  const order: number[] = [];
  const alternatives: number[][] = [];
  try {
    for (const puppet of puppets) await puppet.ready();
    for (;;) {
      const able = puppets.flatMap((puppet, number) => (puppet.isOver ? [] : [number]));
      const next = wanted[order.length] ?? able[0];
      if (next === undefined) break;
      order.push(next);
      alternatives.push(able.filter((number) => number > next));
      await puppets[next]?.step();
      await holds();
    }
    await ends();
  } catch (error) {
    throw new BadOrder(order, error);
  }
  return { order, alternatives };
}

/**
 * Plays a scene in every order that there is of its actors' operations.
 * @param open the scene from its beginning, once for each order
 * @returns how many orders there were
 * @throws BadOrder
 */
export async function playAll(open: () => Promise<Scene>): Promise<number> {
  let count = 0;
  for (let wanted: number[] | undefined = []; wanted !== undefined; count += 1) {
    const { order, alternatives } = await play(await open(), wanted);
    wanted = undefined;
    for (let at = order.length - 1; at >= 0 && wanted === undefined; at -= 1) {
      const other = alternatives[at]?.[0];
      if (other !== undefined) wanted = [...order.slice(0, at), other];
    }
  }
  return count;
}
