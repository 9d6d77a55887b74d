import { Canvas, Image, Text, View } from '@tarojs/components'
import { api, type RouterOutputs } from '../../lib/api'
import { platform } from '../../lib/device'
import { back } from '../../lib/nav'
import { useRead } from '../../lib/query'
import { useShareCard } from '../../lib/share'
import { aria } from '../../ui/aria'
import { Icon } from '../../ui/icon'
import { Page } from '../../ui/page'
import { FaultNote, SlowNote } from '../../ui/states'
import { tapProps } from '../../ui/tap'
import { PosterActions } from './poster-actions'
import './poster.css'
import './referral.css'
import { type Painted, usePainted } from './use-painted'

export type Poster = RouterOutputs['referral']['poster']

/** A picture to hand on: who pours, what is poured, and the code that leads in. */
export default function PosterPage() {
  const read = useRead(['poster'], () => api.referral.poster.query())
  const painted = usePainted(read.data)
  useShareCard({ title: '请你来喝第一盏', path: '/tabs/home/index', picture: 'invite' })
  const { data, fault, slow } = read
  return (
    <Page wide onRefresh={read.reload}>
      <View className="po-stage">
        {platform === 'h5' && <Head />}
        <View className="po-room">
          {data ? (
            <Sheet of={data} painted={painted} />
          ) : fault ? (
            <View className="po-fault">
              <FaultNote fault={fault} onRetry={() => void read.reload()} />
            </View>
          ) : (
            <Coming slow={slow} />
          )}
        </View>
        {data && painted.state !== 'failed' && <PosterActions poster={data} painted={painted} />}
      </View>
    </Page>
  )
}

const Head = () => (
  <View className="po-head">
    <View id="head-back" className="hy-head__back" {...tapProps(back, '返回')}>
      <Icon name="back" />
    </View>
    <Text className="hy-title">海报</Text>
  </View>
)

const Coming = ({ slow }: { slow: boolean }) => (
  <View className="po-sheet po-sheet--coming" {...aria({ role: 'img', label: '正在画海报' })}>
    <Icon name="bowl" size="l" />
    <View className="hy-mt2">正在画海报</View>
    {slow && <SlowNote />}
  </View>
)

/** The drawn poster: WeChat shows its canvas, a browser a picture that can be pressed long. */
function Sheet({ of: { inviterName }, painted }: { of: Poster; painted: Painted }) {
  const label = `海报：请你喝第一盏，${inviterName}请客，带小程序码`
  const failed = painted.state === 'failed'
  return (
    <>
      {failed && (
        <View className="po-fault">
          <FaultNote fault={{ code: 'UNKNOWN', detail: { rid: '' } }} onRetry={painted.again} />
        </View>
      )}
      {platform === 'weapp' ? (
        // stays while it failed: another try needs it
        <View id="poster-sheet" className={failed ? 'po-gone' : 'po-sheet'}>
          <Canvas id="poster" type="2d" className="po-canvas" {...aria({ role: 'img', label })} />
        </View>
      ) : painted.picture ? (
        <View id="poster-sheet" className="po-sheet">
          <Image id="poster" className="po-canvas" src={painted.picture} imgProps={{ alt: label }} />
        </View>
      ) : (
        !failed && <Coming slow={false} />
      )}
    </>
  )
}
