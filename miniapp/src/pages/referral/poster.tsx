import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { useMemo } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import type { Drawing } from '../../lib/canvas'
import { useRead } from '../../lib/query'
import { useShareCard } from '../../lib/share'
import { usePainted } from '../../lib/use-painted'
import { Page } from '../../ui/page'
import { PosterStage } from '../../ui/poster-stage'
import { drawPoster, HEIGHT, SCALE, WIDTH } from './draw-poster'
import { PosterActions } from './poster-actions'
import '../../ui/poster.css'
import './referral.css'

export type Poster = RouterOutputs['referral']['poster']

const drawingOf = ({ image, mime, inviterName, giftTitle, words }: Poster): Drawing => ({
  ...{ width: WIDTH, height: HEIGHT, scale: SCALE, source: `data:${mime};base64,${image}` },
  draw: (pen, code) =>
    code && drawPoster(pen, { brand: DEMO_POLICY.brand.name, inviterName, giftTitle, words: words ?? '' }, code),
})

/** A picture to hand on: who pours, what is poured, and the code that leads in. */
export default function PosterPage() {
  const read = useRead(['poster'], () => api.referral.poster.query())
  const drawing = useMemo(() => (read.data ? drawingOf(read.data) : null), [read.data])
  const painted = usePainted('poster', drawing)
  useShareCard({ title: read.data?.words || '请你来喝第一盏', path: '/tabs/home/index', picture: 'invite' })
  const { data, fault, slow } = read
  return (
    <Page wide onRefresh={read.reload}>
      <PosterStage
        id="poster"
        title="海报"
        coming="正在画海报"
        label={`海报：请你喝第一盏，${data?.inviterName ?? ''}请客，带小程序码`}
        painted={painted}
        known={data !== undefined}
        fault={fault}
        slow={slow}
        onRetry={() => void read.reload()}
        actions={data && <PosterActions poster={data} painted={painted} />}
      />
    </Page>
  )
}
