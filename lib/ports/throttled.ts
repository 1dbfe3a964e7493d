/**
 * Storage asked for a slower pace for longer than an adapter waits. Time cures it: whoever asked may ask again. What was asked for may have been
 * done or not, as with a lost answer.
 */
export class ThrottledError extends Error {
  override readonly name = 'ThrottledError';
}
