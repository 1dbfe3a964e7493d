import { type Decider, unknownEvent } from './decider.ts';

/** A CA may give two equal requests one pending order; the first issuance to claim its URL uses it, the second waits until that one ended. */
export type OrderClaimEvent = { readonly type: 'OrderClaimed'; readonly issuance: string };

export interface OrderClaimState {
  readonly issuance?: string;
}

/** `after`: the claimant that ended; the claim is free for whoever says so first. */
export type OrderClaimCommand = { readonly type: 'Claim'; readonly issuance: string; readonly after?: string };

/** `urlHash`: SHA-256 of the order's URL, hex. */
export const orderClaimStream = (urlHash: string): string => `order/${urlHash}`;

export const orderClaimDecider: Decider<OrderClaimCommand, OrderClaimState, OrderClaimEvent> = {
  category: 'order',
  evolveVersion: 1,
  initialState: {},
  decide({ issuance, after }, state) {
    const free = state.issuance === undefined || state.issuance === after;
    return free && state.issuance !== issuance ? [{ type: 'OrderClaimed', issuance }] : [];
  },
  evolve(_state, event) {
    switch (event.type) {
      case 'OrderClaimed':
        return { issuance: event.issuance };
      default:
        return unknownEvent(event as never);
    }
  },
  dueAt: () => undefined,
};
