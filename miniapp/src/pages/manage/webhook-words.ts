import type { RouterOutputs } from '../../lib/api'
import { momentWords } from './words'

export type Webhook = RouterOutputs['webhook']['list']['webhooks'][number]

/** When it ended, and why; null while it runs. */
export const endedWords = ({ endedAt, endedBySilence }: Webhook): string | null =>
  endedAt && `${momentWords(endedAt)} ${endedBySilence ? '因为一直没人应答，自动停了' : '停了'}`
