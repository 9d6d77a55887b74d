import type { RouterOutputs } from '../../lib/api'

export type Explained = RouterOutputs['tier']['explain']

export const rungIn = ({ ladder }: Explained, tier: number | undefined) => ladder.find((rung) => rung.tier === tier)
