import { api, type RouterOutputs } from '../../lib/api'
import { useRead } from '../../lib/query'
import { useShareCard } from '../../lib/share'
import { Page } from '../../ui/page'
import { PosterStage } from '../../ui/poster-stage'
import { PosterActions } from './poster-actions'
import '../../ui/poster.css'
import './referral.css'
import { usePainted } from './use-painted'

export type Poster = RouterOutputs['referral']['poster']

/** A picture to hand on: who pours, what is poured, and the code that leads in. */
export default function PosterPage() {
  const read = useRead(['poster'], () => api.referral.poster.query())
  const painted = usePainted(read.data)
  useShareCard({ title: '请你来喝第一盏', path: '/tabs/home/index', picture: 'invite' })
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
