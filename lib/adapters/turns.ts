/** Runs work on one thing one after another, in the order of the calls, whatever becomes of the work before. Different things go side by side. */
export function turns(): <T>(thing: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (thing, work) => {
    const turn = (last.get(thing) ?? Promise.resolve()).then(work, work);
    last.set(thing, turn);
    const forget = () => {
      if (last.get(thing) === turn) last.delete(thing);
    };
    turn.then(forget, forget);
    return turn;
  };
}
