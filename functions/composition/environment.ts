/** A function was deployed without something that it needs. */
export class ConfigurationMissing extends Error {
  override readonly name = 'ConfigurationMissing';
}

/**
 * One variable of the function's environment. Only the files of this folder read it, once each, when the function starts.
 * @throws ConfigurationMissing
 */
export function variable(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new ConfigurationMissing(`the environment has no ${name}; deploy the function by its stack`);
}

/** The same for one that may be absent or empty. */
export const optional = (name: string): string | undefined => process.env[name] || undefined;

/** A list with commas between its items; empty when absent. */
export const list = (name: string): string[] => optional(name)?.split(',') ?? [];
