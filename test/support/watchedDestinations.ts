import type { Destinations } from '../../lib/ports/destinations.ts';

/** Destinations whose every answer and error is written down as text, to be searched for what must not be in it. */
export function watched(): { readonly answers: string[]; watch(destinations: Destinations): Destinations } {
  const answers: string[] = [];
  const noted = async <T>(work: Promise<T>): Promise<T> => {
    try {
      const answer = await work;
      answers.push(JSON.stringify(answer) ?? '');
      return answer;
    } catch (error) {
      answers.push(error instanceof Error ? `${error.stack} ${JSON.stringify(error)}` : String(error));
      throw error;
    }
  };
  return {
    answers,
    watch: (destinations) => ({
      push: (...given) => noted(destinations.push(...given)),
      observe: (...given) => noted(destinations.observe(...given)),
      withdraw: (...given) => noted(destinations.withdraw(...given)),
    }),
  };
}
