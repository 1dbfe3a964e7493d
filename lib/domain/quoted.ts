const LONGEST = 80;

/** Foreign text for a message: in quotes, control characters escaped, cut to a readable length. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST).toWellFormed()}...` : text.toWellFormed());
