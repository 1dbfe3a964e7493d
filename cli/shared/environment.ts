/** The variables that a command is called with. Only the command line and the host read them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A flag's value, or that of its variable; a flag counts first. */
export const given = (flag: string | undefined, env: Environment, name: string): string | undefined =>
  flag ?? (env[name] || undefined);
