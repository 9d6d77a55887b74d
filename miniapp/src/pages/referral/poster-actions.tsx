import { DEMO_POLICY } from '@huiyuan/shared/policy'
import type { Painted } from '../../lib/use-painted'
import { KeepPicture } from '../../ui/keep-picture'
import type { Poster } from './poster'
import { SendButton } from './send-dock'

/** Keep it or hand it on. */
export const PosterActions = ({ poster, painted }: { poster: Poster; painted: Painted }) => (
  <KeepPicture
    painted={painted}
    noun="海报"
    fileName={`${DEMO_POLICY.brand.name}-请你喝第一盏.png`}
    saved="存好了，去发给朋友吧"
    hint="长按海报，也能保存或识别"
  >
    <SendButton icon sharePath={`tabs/home/index?${poster.scene}`} />
  </KeepPicture>
)
