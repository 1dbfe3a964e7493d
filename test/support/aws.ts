import type { Ministack } from './peers/ministack.ts';

/** How an SDK client reaches the emulator. */
export const clientOf = ({
  endpoint,
  region,
  credentials,
}: Pick<Ministack, 'endpoint' | 'region' | 'credentials'>) => ({ endpoint, region, credentials });

/**
 * An SDK client that answers by script, for what the emulator cannot show: throttling, delays, lost answers. Each `send` is written down
 * and answered by the next entry; an Error is thrown. Past the end of the script it fails.
 */
export function scriptedClient<Client>(
  script: readonly (object | Error | ((input: never) => object | Promise<object>))[],
): { readonly client: Client; readonly sent: { readonly command: string; readonly input: Record<string, unknown> }[] } {
  const sent: { command: string; input: Record<string, unknown> }[] = [];
  const send = async (command: { readonly constructor: { name: string }; readonly input: never }) => {
    const answer = script[sent.length];
    const { input } = command;
    const { name } = command.constructor;
    sent.push({ command: name, input });
    if (answer === undefined) throw new Error(`the script has no answer for ${name}`);
    if (answer instanceof Error) throw answer;
    return typeof answer === 'function' ? answer(input) : answer;
  };
  return { client: { send } as Client, sent };
}

/** An error as an AWS service answers it. */
export function serviceError(name: string, message = name, more: object = {}): Error {
  return Object.assign(new Error(message), { name, $fault: 'client', $metadata: { httpStatusCode: 400 }, ...more });
}
