import { inLanes } from '../../async/lanes.ts';
import { certificateDecider } from '../../domain/certificate.decide.ts';
import { teamDecider } from '../../domain/team.ts';
import { CERTIFICATES } from '../projections.ts';
import type { Services } from '../services.ts';

const PAGE = 500;

/** A team's policy was set: certificates whose specs say nothing of times of renewal take over what it says. Those that have it already are left alone. */
export async function followTeam({ ledger, views }: Pick<Services, 'ledger' | 'views'>, stream: string): Promise<void> {
  const { state } = await ledger.load(teamDecider, stream);
  if (state.status !== 'live') return;
  const owner = stream.split('/')[1]!;
  const command = { type: 'FollowTeam', renewal: state.policy.renewal } as const;
  const meta = { actor: 'reaction', correlationId: stream };
  for (let after: string | undefined; ; ) {
    const rows = await views.list(CERTIFICATES, { owner, after, limit: PAGE });
    await inLanes(rows, ({ key }) => ledger.handle(certificateDecider, `certificate/${key}`, command, meta));
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.key;
  }
}
