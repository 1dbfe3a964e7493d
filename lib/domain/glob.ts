/**
 * Whether `text` fits the pattern as a whole: `*` stands for any run of characters without `/`, `**` for any run at all, everything else for
 * itself. The work is at most the product of the two lengths, whatever the pattern.
 */
export function globMatches(pattern: string, text: string): boolean {
  const steps = pattern.match(/\*\*+|\*|[^*]/gu) ?? [];
  const characters = [...text];
  // fits[i]: the steps so far fit the first i characters.
  let fits = characters.map(() => false);
  fits = [true, ...fits];
  for (const step of steps) fits = step.startsWith('*') ? run(fits, characters, step) : one(fits, characters, step);
  return fits.at(-1)!;
}

const one = (fits: readonly boolean[], characters: readonly string[], step: string): boolean[] => [
  false,
  ...characters.map((character, i) => fits[i]! && character === step),
];

function run(fits: readonly boolean[], characters: readonly string[], step: string): boolean[] {
  const next = [fits[0]!];
  characters.forEach((character, i) => {
    const grown = next[i]! && (step !== '*' || character !== '/');
    next.push(fits[i + 1]! || grown);
  });
  return next;
}
