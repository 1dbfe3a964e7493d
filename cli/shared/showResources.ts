import type { Context } from './command.ts';
import { type Format, isData, showData, showList } from './output.ts';
import { issuerPath, type Kind } from './resources.ts';
import { SHARED } from './team.ts';

/** Which resources to show. `team` undefined, for a kind that belongs to teams: those of every team. */
export interface Selection {
  readonly kind: Kind;
  readonly team: string | undefined;
  readonly name?: string | undefined;
  readonly query?: Readonly<Record<string, string | undefined>>;
}

/** Shows one resource, or a list of them. */
export async function showResources(context: Context, format: Format, selection: Selection): Promise<void> {
  const { terminal } = context;
  const { kind, team, name } = selection;
  if (name !== undefined) {
    const resource = await context.client().get<never>(kind.path(team ?? SHARED, name));
    return isData(format) ? showData(terminal, format, resource) : showList(terminal, format, [resource], kind.columns);
  }
  const items: never[] = [];
  for (const path of paths(selection)) {
    for await (const item of context.client().all<never>(path, selection.query)) items.push(item);
  }
  if (items.length > 0 || isData(format)) return showList(terminal, format, items, kind.columns);
  terminal.note(`no ${kind.name}${kind.owned && team !== undefined ? ` in team ${team}` : ''}`);
}

/** A team may use the shared issuers too, so its list has both. */
function paths({ kind, team }: Selection): string[] {
  if (kind.name === 'issuers' && team !== undefined && team !== SHARED) return [kind.path(team), issuerPath(SHARED)];
  if (kind.name === 'certificates' && team === undefined) return ['/v1/certificates'];
  return [kind.path(team ?? SHARED)];
}
