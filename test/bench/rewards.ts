/** What the rewards of the bench cost; its client asks for them by these names. */
export const REWARD_POINTS = 1
/** As many as a shelf holds. */
export const SPREAD_REWARDS = 12
export const HOT_REWARD = 'bench-hot'

export const spreadReward = (n: number): string => `bench-${n % SPREAD_REWARDS}`
