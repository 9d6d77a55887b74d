import { mallStates } from './mall-states'
import { pictureTime } from './shifted-clock'
import type { Scheme, Shot } from './studio'

/** States worth a picture on a narrow and on a wide screen, too. */
const NARROW_AND_WIDE = ['mall-early', 'search-found', 'reward-early', 'redemption-ready', 'rights-all']

/** The mall, its exchanges and the rights, as they rarely stand all at once. */
export const MALL_SHOTS: Shot[] = mallStates(pictureTime).flatMap(({ place, ...rest }) => {
  const shot = { ...rest, place, forgetful: true }
  const wide = NARROW_AND_WIDE.includes(place.name) ? [320, 1024] : []
  return [
    ...(['light', 'dark'] satisfies Scheme[]).map(
      (scheme): Shot => ({ ...shot, name: `${place.name}-${scheme}`, scheme }),
    ),
    ...wide.map((width): Shot => ({ ...shot, name: `${place.name}-${width}`, scheme: 'light', width })),
  ]
})
